"""The result at a phone and a desk, in both languages, with script and without: read, narrowed, made exact, shared."""

import unicodedata
from collections.abc import Callable
from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.journeys.browser import Person, narrowest
from tests.journeys.conftest import Service

pytestmark = pytest.mark.browser
Arrives = Callable[..., Person]
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True}
WAYS = [
    pytest.param({"locale": "zh-CN"}, id="Chinese at a desk"),
    pytest.param({"locale": "en-GB", **PHONE}, id="English on a phone"),
    pytest.param({"locale": "zh-CN", **PHONE}, id="Chinese on a phone"),
    pytest.param({"locale": "en-GB", "java_script_enabled": False}, id="English without script"),
]
SMALL = "SD-SIX-2019"


def answered(person: Person) -> Person:
    """A visitor who has answered a few things a group at a time."""
    person.open("/check/identity").choose(entity_type="company")
    person.page.fill("[name=city_code]", "370100")
    person.press("button[name=next]")
    person.open("/check/size").fill(employees_end="29").press("button[name=next]")
    person.open("/check/vat").choose(vat_taxpayer_type="small_scale", has_3pct_levy_sales="true")
    person.fill(vat_period_sales_yuan="290000").press("button[name=next]")
    return person.open("/check/result")


@pytest.mark.parametrize("window", WAYS)
def test_a_result_is_read_narrowed_made_exact_and_shown_to_others(
    arrives: Arrives, service: Service, window: dict[str, object]
) -> None:
    visitor = answered(arrives(**window))
    page = visitor.page
    assert narrowest(page, ".mp-pol__t") >= 160
    certain = page.locator("section[aria-labelledby=sure] > details.mp-pol").count()
    assert certain

    page.locator(f"#p-{SMALL} > summary").click()
    if not window.get("java_script_enabled", True):
        visitor.press(f"#p-{SMALL} .mp-pol__body > a")
    page.locator(f"#p-{SMALL} .mp-how").wait_for()
    visitor.look()
    page.fill(f"[name='{SMALL}.due_yuan']", "many")
    visitor.press(f"#p-{SMALL} form button")
    assert page.locator(".govuk-error-summary").is_visible()
    assert page.input_value(f"[name='{SMALL}.due_yuan']") == "many"
    page.fill(f"[name='{SMALL}.due_yuan']", "2400")
    visitor.press(f"#p-{SMALL} form button")
    assert "1,200" in page.inner_text("#together")

    page.locator(".mp-sift > summary").click()
    page.select_option("#level", "city")
    visitor.press(".mp-sift__form button")
    assert page.locator("section[aria-labelledby=sure] > details.mp-pol").count() < certain
    visitor.open("/check/result?view=print")
    assert page.locator("details.mp-pol:not([open])").count() == 0

    visitor.press("form[action='/check/result/shares'] button")
    shared = visitor.path
    other = arrives(**window).open(shared)
    assert "1,200" in other.text
    assert other.page.locator("form[action$='/withdraw']").count() == 0
    visitor.press("form[action$='/withdraw'] button")
    assert visitor.path.startswith("/check/result?withdrawn=1")
    answer = other.page.goto(service.base + shared)
    assert answer is not None
    assert answer.status == 410
    other.look()


def test_the_print_view_prints_everything_with_address_and_day(arrives: Arrives) -> None:
    visitor = answered(arrives(locale="zh-CN")).open("/check/result?view=print")
    pdf = visitor.page.pdf(format="A4")
    pages = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    told = "".join(
        unicodedata.normalize("NFKC", pages).split()
    )  # Chromium writes some characters as radicals
    assert "/check/result" in told
    assert "2020年4月15日" in told
    assert "电子税务局" in told  # how to have it, folded on the screen
    assert "生成网址" not in told


def test_the_result_is_read_by_keyboard(arrives: Arrives) -> None:
    visitor = answered(arrives(locale="zh-CN"))
    summary = visitor.page.locator(f"#p-{SMALL} > summary")
    summary.focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.locator(f"#p-{SMALL} .mp-how").wait_for()
    assert visitor.page.locator(f"#p-{SMALL} .mp-pol__body").is_visible()
    visitor.page.keyboard.press("Enter")
    assert not visitor.page.locator(f"#p-{SMALL} .mp-pol__body").is_visible()


def test_an_owner_states_figures_of_his_enterprise_and_takes_the_pdf(arrives: Arrives) -> None:
    owner = arrives(locale="zh-CN").sign_in("owner", "/account")
    link = owner.page.locator("a[href^='/account/enterprises/']:not([href$='new'])").first.get_attribute(
        "href"
    )
    assert link is not None
    enterprise = link.rpartition("/")[2].partition("?")[0].partition("#")[0]
    owner.open(f"/check/result?enterprise={enterprise}&view=print")
    name = owner.page.locator(".mp-figures-form input[inputmode=decimal]").first.get_attribute("name")
    assert name is not None
    policy = name.partition(".")[0]
    owner.open(f"/check/result?enterprise={enterprise}&open={policy}")
    owner.page.fill(f"[name='{name}']", "1000")
    owner.press(f"#p-{policy} form button")
    assert f"enterprise={enterprise}" in owner.path
    assert owner.page.input_value(f"[name='{name}']") == "1000"
    answer = owner.page.request.get(f"{owner.base}/check/result.pdf?enterprise={enterprise}")
    assert answer.status == 200
    assert answer.body().startswith(b"%PDF-")
