"""The same service for others: in English on a phone, without script, by keyboard, and where the answer is no.

Every page is looked over as in the whole path; the way to a later page goes over the API.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.browser import Person, narrowest
from tests.journeys.conftest import Service
from tests.journeys.over_the_api import Api

pytestmark = pytest.mark.browser
Arrives = Callable[..., Person]
PHONE = {"locale": "en-GB", "viewport": {"width": 390, "height": 800}, "has_touch": True}
PUBLIC = (
    "/", "/check", "/check/groups", "/check/q/place", "/check/q/dues", "/check/q/hires", "/check/resume",
    "/check/offline", "/check/identity", "/check/fees", "/check/finance", "/check/result", "/policies", "/loans",
    "/policies/CN-VAT-2020-13-HB", "/government", "/login", "/verify", "/verify/A20200415-0000-0000",
    "/accessibility", "/privacy", "/nowhere",
)  # fmt: skip


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_text_columns_on_a_phone_are_wide_enough_to_read(
    arrives: Arrives, service: Service, locale: str
) -> None:
    Api(service.base, service.passwords, "owner2").application()
    phone = {**PHONE, "locale": locale}
    visitor, owner, officer, admin = (arrives(**phone) for _ in range(4))
    owner.sign_in("owner2")
    officer.sign_in("officer-ccb-2")
    admin.sign_in("admin-1")
    for person, path, texts in (
        (visitor, "/loans", ".mp-pol__t, .mp-pol__m"),
        (visitor, "/check/result", ".mp-pol__t"),
        (visitor, "/policies", "main h1, .mp-pol__t, .mp-pol__m"),
        (owner, "/account", "main h1, main h3, .mp-todo .cap, .mp-consent p"),
        (officer, "/officer", "main td:has(> a)"),
        (admin, "/admin", "main td:has(> a)"),
    ):
        person.open(path)
        assert narrowest(person.page, texts) >= 200, path


def status_at(person: Person, path: str) -> int:
    """Open a page that may be refused; its status, looked over like any other."""
    answer = person.page.goto(person.base + path)
    person.look()
    assert answer is not None
    return answer.status


class TestEnglishOnAPhone:
    """390 px wide, in English."""

    def test_shows_every_public_page(self, arrives: Arrives) -> None:
        visitor = arrives(**PHONE)
        for path in PUBLIC:
            visitor.page.goto(visitor.base + path)
            visitor.look()
            assert visitor.page.get_attribute("html", "lang") == "en"
        visitor.open("/check/size").fill(employees_end="lots").press("button[name=next]")
        assert visitor.page.locator(".govuk-error-summary").is_visible()

    def test_shows_an_owner_the_way_to_a_loan(self, arrives: Arrives, service: Service) -> None:
        enterprise, need = Api(service.base, service.passwords, "owner2").need()
        owner = arrives(**PHONE).sign_in("owner2", f"/account/enterprises/{enterprise}")
        for path in (
            f"/account/enterprises/{enterprise}/facts/bank_product",
            "/account/enterprises/new",
            f"/check/result?enterprise={enterprise}",
            f"/loans/requests/{need}",
            f"/loans/requests/{need}/apply/CCB-YSD",
        ):
            owner.open(path)
        owner.page.check("#consent")
        owner.press("main form button").open("/account")
        owner.page.locator("summary", has_text="Menu").click()
        assert owner.page.locator(".mp-menu__list").is_visible()
        owner.look()

    def test_shows_officers_and_admins_their_desks(self, arrives: Arrives, service: Service) -> None:
        case = Api(service.base, service.passwords, "owner2").application()
        officer = arrives(**PHONE).sign_in("officer-ccb-2")
        officer.open(f"/officer/cases/{case}").press("[data-key=t]")
        admin = arrives(**PHONE).sign_in("admin-1")
        admin.open("/admin/policies/CN-RENT-2020-734").open("/admin/policies/CN-RENT-2020-734/versions/1")


class TestWithoutScript:
    """JavaScript switched off."""

    def test_the_check_leads_to_its_result(self, arrives: Arrives) -> None:
        visitor = arrives(java_script_enabled=False)
        visitor.open("/check/groups").press("a[href='/check/identity']")
        visitor.choose(entity_type="company").press("button[name=next]")
        visitor.fill(employees_end="many").press("button[name=next]")
        assert visitor.page.input_value("[name=employees_end]") == "many"
        visitor.fill(employees_end="18").press("button[name=to_result]")
        assert visitor.path == "/check/result"
        visitor.page.locator("details.mp-pol summary").first.click()
        assert visitor.page.locator(".mp-pol__body").first.is_visible()

    def test_an_owner_applies_and_an_officer_decides(self, arrives: Arrives, service: Service) -> None:
        _, need = Api(service.base, service.passwords, "owner").need()
        owner = arrives(java_script_enabled=False).sign_in("owner", f"/loans/requests/{need}")
        owner.press("a[href$='/apply/CCB-YSD']")
        owner.page.check("#consent")
        owner.press("main form button")
        case = owner.path.removeprefix("/applications/").removesuffix("?sent=1")
        officer = arrives(java_script_enabled=False).sign_in("officer-ccb-1", f"/officer/cases/{case}")
        officer.press("form[action$='/claim'] button")
        officer.fill(annual_rate_pct="99").press("#approve-form button")
        assert officer.page.input_value("[name=annual_rate_pct]") == "99"
        officer.fill(annual_rate_pct="4.5").press("#approve-form button")
        owner.open(f"/applications/{case}")
        assert owner.page.locator("form[action$='/accept']").count() == 1

    def test_an_admin_checks_and_saves_a_rule(self, arrives: Arrives) -> None:
        admin = arrives(java_script_enabled=False).sign_in("admin-2", "/admin/policies/SD-SIX-2019")
        admin.fill(rule="employees > 3").press("button[name=check]")
        assert admin.page.locator("#diagnosis .mp-find mark").inner_text() == "employees"
        admin.fill(rule="employees_end > 3").press("button[name=check]")
        assert admin.page.locator("#diagnosis .mp-sentence").is_visible()
        admin.press("button[name=save]")
        assert re.fullmatch(r"/admin/policies/SD-SIX-2019/versions/\d+", admin.path)


SHOWS_FOCUS = """() => { const at = document.activeElement, label = at.labels?.[0];
  const looks = () => [[at], [at, '::before'], ...(label ? [[label], [label, '::before']] : [])]
    .map(part => getComputedStyle(...part)).map(s => [s.outline, s.boxShadow, s.border, s.background].join());
  const focused = looks().join(); at.blur(); const plain = looks().join(); at.focus(); return focused !== plain }"""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, and see that it looks different with it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            assert page.evaluate(SHOWS_FOCUS), f"{selector} has the focus and does not show it"
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


def test_a_group_is_answered_by_keyboard_alone(arrives: Arrives) -> None:
    visitor = arrives()
    visitor.open("/check/vat")
    keys = visitor.page.keyboard
    keys.press("Tab")
    assert visitor.page.evaluate("document.activeElement.className") == "govuk-skip-link"
    keys.press("Enter")
    tab_to(visitor.page, "[name=vat_taxpayer_type]")
    keys.press("ArrowDown")
    chosen = visitor.page.evaluate("document.activeElement.value")
    tab_to(visitor.page, "[name=vat_period_sales_yuan]")
    keys.type("280000")
    tab_to(visitor.page, "[name=has_3pct_levy_sales]")
    keys.press("Space")
    tab_to(visitor.page, "button[name=next]")
    with visitor.page.expect_navigation():
        keys.press("Enter")
    assert visitor.path == "/check/income_tax"
    visitor.open("/check/vat")
    assert visitor.page.is_checked(f"[name=vat_taxpayer_type][value='{chosen}']")
    assert visitor.page.input_value("[name=vat_period_sales_yuan]") == "280000"


class TestNo:
    """A bank says no, and others get nothing to see."""

    def test_a_decline_tells_its_reasons_to_the_owner_and_nobody_else(
        self, arrives: Arrives, service: Service
    ) -> None:
        case = Api(service.base, service.passwords, "owner").application()
        officer = arrives(locale="zh-CN").sign_in("officer-ccb-2", f"/officer/cases/{case}")
        officer.press("[data-key=t]")
        officer.page.locator(".mp-declinebox summary").click()
        officer.look().press("#decline-form button")
        assert officer.page.locator(".govuk-error-summary").is_visible()
        officer.page.check("[name='reason.short_history']")
        officer.page.fill("[name=reason_note]", "经营不足两年")
        officer.press("#decline-form button")
        owner = arrives(locale="zh-CN").sign_in("owner", f"/applications/{case}")
        assert "经营时间太短" in owner.text
        assert "经营不足两年" in owner.text
        owner.press("main a[href^='/loans/requests/']")

        other = arrives().sign_in("owner2")
        assert status_at(other, f"/applications/{case}") == 404
        assert status_at(arrives().sign_in("officer-icbc-1"), f"/officer/cases/{case}") == 404
        assert status_at(other, "/admin") == 403

    def test_a_button_pressed_twice_applies_once(self, arrives: Arrives, service: Service) -> None:
        _, need = Api(service.base, service.passwords, "owner2").need()
        owner = arrives().sign_in("owner2", "/account")
        before = owner.page.locator("a[href^='/applications/']").count()
        owner.open(f"/loans/requests/{need}/apply/CCB-YSD").page.check("#consent")
        owner.page.dblclick("main form button")
        owner.page.wait_for_url("**/applications/*")
        owner.look().open("/account")
        assert owner.page.locator("a[href^='/applications/']").count() == before + 1
