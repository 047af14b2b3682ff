"""A policy is looked for and tried on its own page: at a desk and on a phone, with script, without, by keyboard."""

from collections.abc import Callable

import pytest

from tests.journeys.browser import Person

pytestmark = pytest.mark.browser
Arrives = Callable[..., Person]
PHONE = {"width": 390, "height": 844}
RENT = "SD-RENT-2020-4"


def finds(visitor: Person, words: str, language: str) -> None:
    """Type words into the search as a person does."""
    visitor.open(f"/policies?lang={language}")
    visitor.page.fill("#q", words)
    visitor.press(".mp-lib__row button")


@pytest.mark.parametrize("window", [{}, {"viewport": PHONE}], ids=["desk", "phone"])
def test_a_mistyped_word_leads_to_a_policy_whose_rule_ticks_while_answering(
    arrives: Arrives, window: dict[str, object]
) -> None:
    visitor = arrives(locale="zh-CN", **window)
    finds(visitor, "房阻减免", "zh")
    assert "房租" in visitor.page.inner_text(".mp-list")
    visitor.press(f".mp-list a[href='/policies/{RENT}']")
    before = visitor.path
    ticked = visitor.page.locator("#tree .mp-v--yes")
    assert ticked.count() == 0
    visitor.choose(landlord_type="state_owned")
    ticked.first.wait_for()
    visitor.page.fill("[name=province_code]", "山东")
    visitor.page.press("[name=province_code]", "Tab")
    visitor.page.locator("#tree .mp-v--yes >> nth=1").wait_for()
    assert visitor.path == before
    assert "还不能定" in visitor.page.inner_text("#yours")
    visitor.look()
    visitor.choose(landlord_type="private")
    visitor.page.locator("#yours.mp-yours--ineligible").wait_for()
    assert "国有单位的房子" in visitor.page.inner_text("#yours")
    visitor.look()
    # what cannot be kept is said on the whole page, although only the verdict was asked for
    visitor.page.fill("[name=province_code]", "蓬莱仙岛")
    with visitor.page.expect_navigation():
        visitor.page.press("[name=province_code]", "Tab")
    visitor.look()
    assert visitor.page.input_value("[name=province_code]") == "蓬莱仙岛"
    visitor.page.click(".govuk-error-summary a")
    assert visitor.page.evaluate("document.activeElement.name") == "province_code"


def test_it_works_without_script_and_in_english(arrives: Arrives) -> None:
    visitor = arrives(java_script_enabled=False, viewport=PHONE)
    finds(visitor, "stmap duty", "en")
    visitor.press(".mp-list a")
    assert visitor.page.locator("#tree").count() == 1
    visitor.press(".mp-pv__form > button")
    assert visitor.path.endswith("#yours")
    finds(visitor, "railway freight", "en")
    assert "Nothing was found" in visitor.text
    visitor.press(".mp-lib__group a[href*='category=financial_support']")
    assert visitor.page.locator(".mp-lib__group a[aria-current]").count() == 3


def test_it_can_be_walked_by_keyboard_alone(arrives: Arrives) -> None:
    visitor = arrives(locale="zh-CN").open("/policies")
    visitor.page.focus("#q")
    visitor.page.keyboard.type("稳岗返还")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    visitor.look().page.focus(".mp-list a")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    assert visitor.path.startswith("/policies/CN-STABLE")
    visitor.look()
