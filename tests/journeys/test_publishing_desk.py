"""Two admins at one policy, with the real command: one hands a change in, the other reads, asks and approves it; then
both take it out again, and everybody can read why.
"""

import time
from collections.abc import Callable

import pytest

from tests.journeys.browser import Person
from tests.journeys.conftest import Service
from tests.journeys.readying import ready

pytestmark = pytest.mark.browser
POLICY = "SD-RENT-2020-4"
DESK = f"/admin/policies/{POLICY}"
PATIENCE = 60.0


def opens(person: Person, address: str) -> None:
    """Unfold what the review panel keeps folded."""
    person.open(address)
    person.page.eval_on_selector_all("#action details", "all => all.forEach(one => { one.open = true })")


def until(person: Person, address: str, words: str) -> None:
    """Look again until a page says something."""
    end = time.monotonic() + PATIENCE
    while True:
        person.page.goto(person.base + address)
        if words in person.text:
            person.look()
            return
        assert time.monotonic() < end, f"{address} never said {words!r}: {person.text[:2000]}"
        time.sleep(0.5)


def test_a_change_is_proved_approved_by_another_and_withdrawn_by_both(
    arrives: Callable[..., Person], service: Service
) -> None:
    writer = arrives(locale="zh-CN").sign_in("admin-1")
    writer.open(f"{DESK}?lang=zh")
    writer.page.fill("main [name=rule]", 'province_code == "370000" && landlord_type == "state_owned"')
    writer.press("button[name=save]")
    version = writer.path
    until(writer, version, "需要说明")
    assert "与生效版本相比，有企业新符合" in writer.text
    ready(service, POLICY, "admin-1")
    writer.open(version)
    writer.fill(why="文件没有限定企业大小").press("#action button[value=submit]")
    assert writer.page.locator("button[value=publish]").count() == 0

    second = arrives(locale="en-GB", viewport={"width": 390, "height": 844}).sign_in("admin-2")
    second.open("/admin?lang=en")
    assert "For you to review" in second.text
    opens(second, version)
    second.fill(words="Read beside the scan").press("button[value=comment]")
    opens(second, version)
    second.press("#action button[value=publish]")
    until(second, version, "Done")

    opens(writer, version)
    writer.page.fill("#action [name=reason]", "把限定漏了，正在更正")
    writer.press("#action button[value=ask_withdrawal]")
    second.open("/admin?lang=en")
    assert "Withdrawals to confirm" in second.text
    second.open(version).press("#action button[value=confirm_withdrawal]")
    visitor = arrives(locale="zh-CN")
    visitor.open(f"/policies/{POLICY}?lang=zh")
    assert "把限定漏了，正在更正" in visitor.text
    writer.open(f"{DESK}/history").press("main form button")
    assert writer.page.locator(".mp-versus del, .mp-versus ins, .mp-versus__removed").count() > 0
    writer.open(f"{DESK}/versions/1").press("#action button[value=restore]")
    assert writer.path == f"{DESK}/versions/3"
