"""A commitment from beginning to end: made on a phone without script, found untrue, objected to, lifted."""

from collections.abc import Callable

import pytest

from tests.journeys.browser import Person

pytestmark = pytest.mark.browser
PHONE = {"java_script_enabled": False, "viewport": {"width": 390, "height": 844}}
STATEMENTS = ("true", "told", "consequences", "verification")


def ticked(owner: Person) -> None:
    """Go on through the text: first with a statement left out, then with all."""
    for name in STATEMENTS[1:]:
        owner.page.check(f'[id="statement.{name}"]')
    owner.press("main form[method=post] button.govuk-button")
    assert "四条都勾上" in owner.text
    owner.page.check('[id="statement.true"]')
    owner.press("main form[method=post] button.govuk-button")


def test_an_owner_commits_is_found_untrue_and_heard(arrives: Callable[..., Person]) -> None:
    owner, watcher = arrives(**PHONE).sign_in("owner"), arrives().sign_in("owner")
    first, second = arrives().sign_in("admin-1"), arrives().sign_in("admin-2")
    home = owner.open("/account?lang=zh").page.locator("article h3 a").first.get_attribute("href")
    owner.open(f"{home}/commitments/new")
    owner.page.check('[id="fact.employees_end"]')
    owner.page.check('[id="fact.operating_revenue_yuan"]')
    owner.press("main form button.govuk-button")
    ticked(owner)
    assert owner.heading == "等待核查"
    made = owner.path
    watcher.open(f"{made}?lang=en")
    watcher.open(f"{made}/declaration")
    watcher.open(f"{home}?lang=zh")
    assert "承诺，今天" in watcher.text
    watcher.open(f"{home}/commitments/new")

    first.open("/admin/commitments?lang=zh")
    first.press("main table a")
    first.page.check("[name=outcome][value=refuted]")
    first.press("main form button.govuk-button")
    assert "写明核查的办法和依据" in first.text
    first.page.check('[id="untrue.employees_end"]')
    first.page.fill("#ground", "现场只有 3 人")
    first.press("main form button.govuk-button")
    assert "没有等待核查的承诺" in first.text

    owner.open("/inbox")
    owner.press("main h2 a")
    assert "现场只有 3 人" in owner.text
    owner.press("main .mp-card a")
    assert owner.heading == "核查不实"
    watcher.open(home)
    assert "期末从业人员数" not in watcher.page.inner_text("#size dl")
    assert owner.page.goto(f"{owner.base}{home}/commitments/new").status == 409  # type: ignore[union-attr]
    owner.open(made)
    owner.page.fill("#objection", "那天大家在外地培训")
    owner.press("form[action$=object] button.govuk-button")
    watcher.open(made)

    case = f"/admin/commitments/{made.rpartition('/')[2]}"
    first.open(case)
    assert "由另一位工作人员答复" in first.text
    second.open("/admin/commitments?lang=en")
    second.press("main table a")
    second.page.check("[name=outcome][value=lifted]")
    second.page.fill("#answer", "考勤属实")
    second.press("main form button.govuk-button")
    watcher.open(made)
    assert watcher.heading == "核查属实"
    watcher.open(home)
    assert "期末从业人员数" in watcher.page.inner_text("#size dl")
