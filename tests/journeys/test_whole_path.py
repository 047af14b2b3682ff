"""The whole path once, in Chinese, as four people walk it: visitor and owner, officer, two policy admins.

Every page they see is looked over (see browser.py); the path ends at the money and at the paper's text and fonts.
"""

import json
import re
from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest

from tests.factories.enterprises import a_resident_id, a_uscc
from tests.journeys.browser import Person
from tests.journeys.conftest import Service
from tests.journeys.readying import ready
from tests.pdf import reading

pytestmark = pytest.mark.browser
Arrives = Callable[..., Person]
NAME = "淄博和润食品有限公司"


def answer_some_questions(visitor: Person) -> None:
    """Answer what is at hand and skip the rest: half a group, whole groups, and the last five unseen."""
    visitor.open("/").open("/check").open("/check/groups").press("a[href='/check/identity']")
    visitor.choose(entity_type="company").fill(industry_code="1411", months_since_registration="40")
    visitor.fill(city_code="淄博")
    visitor.press("button[name=next]")
    visitor.fill(employees_end="18", operating_revenue_yuan="360万", total_assets_yuan="2,100,000")
    visitor.press("button[name=next]")
    visitor.choose(vat_taxpayer_type="small_scale", vat_period="quarter", has_3pct_levy_sales="true")
    visitor.fill(vat_period_sales_yuan="280,000").press("button[name=next]")
    assert visitor.path == "/check/income_tax"
    visitor.press("button[name=next]").press("button[name=to_result]")
    assert visitor.path == "/check/result"


def sees_three_lists(visitor: Person) -> None:
    """What applies with its amount, what needs answers and which, what does not apply and by which clause."""
    page = visitor.page
    lists = [page.locator(f"section[aria-labelledby={name}]") for name in ("sure", "open", "not-now")]
    assert all(each.locator("details.mp-pol").count() > 0 for each in lists)
    assert "8,400" in lists[0].inner_text()
    assert "8,400" in visitor.heading
    assert "还差" in lists[1].inner_text()
    lists[2].locator("summary").first.click()
    assert lists[2].locator("details.mp-pol").first.locator(".mp-pol__body").is_visible()
    visitor.look()


def registers_and_keeps_the_answers(owner: Person) -> str:
    """Sign in from the result, register an enterprise, take the answers along. Its id."""
    owner.press("a[href='/account/enterprises/new']")
    assert owner.path.startswith("/login?next=")
    owner.sign_in("owner")
    assert owner.path == "/account/enterprises/new"
    owner.fill(uscc=a_uscc(), name=NAME, owner_name="王小雨", owner_id_number=a_resident_id())
    owner.choose(entity_type="company").press("main form button")
    assert owner.heading == NAME
    assert "个回答已存进这家企业的资料" in owner.text
    enterprise = owner.path.rpartition("/")[2].removesuffix("?kept=1")
    owner.open("/check/bank_product").choose(tax_credit_rating="B", owner_bad_credit="false")
    owner.fill(tax_paid_12m_yuan="4.2万", months_paying_tax="36", owner_age="41")
    owner.press("button[name=to_result]")
    owner.page.select_option("[name=enterprise]", enterprise)
    owner.press("form[action='/check/save'] button")
    assert "会新加 5 项" in owner.text
    owner.press("form[action='/check/save'] button")
    assert owner.path == f"/check/result?enterprise={enterprise}"
    assert "8,400" in owner.heading
    owner.open(f"/account/enterprises/{enterprise}")
    assert "3,600,000" in owner.page.inner_text("#size")
    return enterprise


def applies(owner: Person, enterprise: str) -> str:
    """State a need, compare, apply with consent. The application's address."""
    owner.press(f"a[href='/loans?enterprise={enterprise}']")
    assert owner.page.input_value("[name=enterprise_id]") == enterprise
    owner.fill(amount_yuan="30万", term_months="12", purpose="购进原料，支付房租")
    owner.press("form[action='/loans/requests'] button")
    offer = owner.page.locator(".mp-offer", has_text="云税贷").inner_text()
    assert "年化" in offer
    assert "%" in offer
    owner.press("a[href$='/apply/CCB-YSD']").press("main form button")
    assert owner.page.locator("#consent-error").is_visible()
    wording = owner.page.locator("main").inner_text()
    assert "中国建设银行" in wording
    owner.page.check("#consent")
    owner.press("main form button")
    assert re.fullmatch(r"/applications/[0-9a-f-]{36}\?sent=1", owner.path)
    return owner.path.removesuffix("?sent=1")


def holds_a_true_paper(owner: Person) -> str:
    """Download the confirmation by the page's link and read it. Its serial number."""
    link = owner.page.get_attribute("a[href$='/confirmation.pdf']", "href")
    answer = owner.page.context.request.get(f"{owner.base}{link}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    pdf = answer.body()
    words = reading.text(pdf)
    serial = re.findall(r"A\d{8}-\w{4}-\w{4}", owner.page.inner_text(".mp-title"))[0]
    assert NAME in words
    assert "中国建设银行" in words
    assert serial in words
    assert reading.fonts(pdf)
    for font in reading.fonts(pdf):
        assert re.match(r"/[A-Z]{6}\+NotoSansSC", str(font["/BaseFont"]))
        assert "/FontFile2" in reading.resolved(font["/FontDescriptor"])
    assert reading.qr_codes(pdf) == [f"{owner.base}/verify/{serial}"]
    return serial


def decides(officer: Person) -> str:
    """Take the next case, read it, approve a smaller sum. The case's address."""
    officer.sign_in("officer-ccb-1")
    assert officer.path == "/officer"
    officer.press("[data-key=n]")
    assert officer.heading == NAME
    officer.page.locator(".mp-factgroup summary").last.click()
    assert "纳税信用" in officer.page.inner_text(".mp-casegrid__main")
    assert officer.page.locator(".mp-casegrid__mid section").first.inner_text().count("\n") > 3
    officer.fill(amount_yuan="250000", annual_rate_pct="4.35")
    officer.press("#approve-form button")
    assert officer.page.locator("#approve-form").count() == 0
    return officer.path


def accepts(owner: Person, application: str) -> None:
    """Read the offer, and accept it with a tick."""
    owner.open(application)
    assert "250,000" in owner.text
    assert "4.35%" in owner.text
    owner.press("form[action$='/accept'] button")
    assert owner.page.locator(".govuk-error-summary").is_visible()
    owner.page.check("#agree")
    owner.press("form[action$='/accept'] button")
    assert owner.page.locator("form[action$='/accept']").count() == 0


def pays_out_once(officer: Person, case: str) -> None:
    """Record the pay-out; the same button in a second tab is refused."""
    officer.open(case)
    second = officer.page.context.new_page()
    second.goto(officer.page.url)
    officer.press("#disburse-form button")
    assert officer.page.locator("#disburse-form").count() == 0
    with second.expect_navigation() as again:
        second.click("#disburse-form button")
    assert again.value.status == 409
    assert second.locator(".govuk-error-summary").is_visible()


def test_answers_become_a_loan_that_is_paid_out_and_a_paper_anybody_can_check(arrives: Arrives) -> None:
    owner = arrives(locale="zh-CN")
    answer_some_questions(owner)
    sees_three_lists(owner)
    enterprise = registers_and_keeps_the_answers(owner)
    application = applies(owner, enterprise)
    serial = holds_a_true_paper(owner)

    stranger = arrives(locale="zh-CN").open(f"/verify/{serial}")
    assert serial in stranger.text
    assert NAME not in stranger.text

    officer = arrives(locale="zh-CN")
    case = decides(officer)
    accepts(owner, application)
    pays_out_once(officer, case)
    owner.open(application)
    assert owner.page.locator(".mp-time li").count() >= 5
    assert "250,000" in owner.page.inner_text("#terms")
    newest = owner.page.context.request.get(f"{owner.base}{application}/confirmation.pdf").body()
    assert "250,000元" in reading.text(newest)
    assert "融资申请回执" not in reading.text(newest)
    owner.open("/account")
    assert serial in owner.text
    assert "250,000" in owner.page.inner_text(f".mp-todo li:has(a[href='{application}'])")
    stranger.open(f"/verify/{serial}")
    assert "已放款" in stranger.text
    assert "有更新的文件" in stranger.text
    officer.open(f"/officer?q={serial}")
    assert officer.page.locator(f"a[href='{case}']").count() == 1


RENT = "SD-RENT-2020-4"
NARROWER = 'province_code == "370000" && landlord_type == "state_owned" && sme_size in ["micro"]'
TENANT = {
    "entity_type": "company", "province_code": "370000", "city_code": "370300", "industry_code": "1411",
    "employees_end": 60, "operating_revenue_yuan": 10_000_000, "landlord_type": "state_owned",
}  # fmt: skip


def verdicts(base: str) -> dict[str, list[str]]:
    """What the API answers for a small enterprise in state-owned premises."""
    request = Request(
        f"{base}/api/v1/eligibility/match",
        data=json.dumps({"facts": TENANT}).encode(),
        headers={"content-type": "application/json"},
    )
    with urlopen(request, timeout=10) as answer:
        found = json.load(answer)
    return {name: [row["id"] for row in found[name]] for name in ("eligible", "ineligible")}


def answers_as_tenant(visitor: Person) -> None:
    """Give the tenant's facts in the check."""
    visitor.open("/check/identity").choose(entity_type="company").fill(industry_code="1411")
    visitor.fill(city_code="淄博市")
    visitor.press("button[name=next]").fill(employees_end="60", operating_revenue_yuan="1000万")
    visitor.press("button[name=to_result]").open("/check/fees").choose(landlord_type="state_owned")
    visitor.press("button[name=to_result]")


def in_list(visitor: Person, name: str) -> bool:
    """Whether the rent policy stands in a list of the result."""
    return visitor.page.locator(f"section[aria-labelledby={name}] details[id='p-{RENT}']").count() == 1


def writes(admin: Person, service: Service) -> str:
    """Type a rule with complaints and sentence following, try it, save and submit. The version's address."""
    admin.sign_in("admin-1").press(f"a[href='/admin/policies/{RENT}']")
    admin.fill(rule=NARROWER.replace("landlord_type", "landlord_typ"))
    complaint = admin.page.locator("#diagnosis .mp-find li")
    complaint.wait_for()
    assert complaint.locator("mark").inner_text() == "landlord_typ"
    assert "landlord_type" in complaint.inner_text()
    admin.look().fill(rule=NARROWER)
    admin.page.locator("#diagnosis .mp-sentence").wait_for()
    assert "微型" in admin.page.inner_text("#diagnosis .mp-sentence")
    admin.press("button[name=try]")
    assert admin.page.locator(".mp-trial").is_visible()
    assert admin.page.input_value("[name=rule]") == NARROWER
    admin.press("button[name=save]")
    ready(service, RENT, "admin-1")
    admin.press("button[value=submit]")
    return admin.path


def test_a_rule_one_admin_writes_is_published_by_another_and_used_by_the_next_match(
    arrives: Arrives, service: Service
) -> None:
    visitor = arrives(locale="zh-CN")
    answers_as_tenant(visitor)
    assert in_list(visitor, "sure")
    assert RENT in verdicts(visitor.base)["eligible"]

    admin = arrives(locale="zh-CN")
    version = writes(admin, service)
    assert admin.page.locator("button[value=publish]").count() == 0
    admin.page.eval_on_selector("button[value=take_back]", "button => { button.value = 'publish' }")
    admin.press("button[value=publish]")
    assert admin.page.locator(".govuk-error-summary").is_visible()
    assert RENT in verdicts(visitor.base)["eligible"]

    other = arrives(locale="zh-CN").sign_in("admin-2")
    other.press(f"a[href='{version}']")
    assert other.page.locator(".mp-diff del").count() > 0
    other.press("button[value=publish]")
    assert other.page.locator("button[value=publish]").count() == 0

    assert RENT in verdicts(visitor.base)["ineligible"]
    visitor.open("/check/result")
    assert in_list(visitor, "not-now")
