"""The check one question at a time in a real browser: to its end, on a phone, in both languages, without script, by
keyboard, on another device, and without a network.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import Person

pytestmark = pytest.mark.browser
Arrives = Callable[..., Person]
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True}
MOST_PAGES = 95
FEW = 12


def asked(person: Person) -> str:
    """The name of the question on the page."""
    return re.sub(r"\?.*", "", person.path.removeprefix("/check/q/"))


def answer(person: Person, turn: int) -> None:
    """Answer whatever is asked, now and then with not knowing, and go on."""
    page = person.page
    name = asked(person)
    if name == "entity_type":
        page.check("[value=individual_business]")
    elif name == "place":
        page.fill("[name=city_code]", "济南")
    elif name == "industry_code":
        page.fill("[name=industry_code]", "6210")
    elif turn % 5 == 4:
        unknown = page.locator(".mp-dontknow input")
        if unknown.count():
            unknown.check()
        else:
            person.press("[name=skip]")
            return
    elif page.locator(".mp-tickbox").count():
        page.check("#none_of_these")
    elif page.locator("main input[type=radio]").count():
        page.locator("main input[type=radio]").first.check()
    elif page.locator("main [type=date]").count():
        page.check("main .mp-none input")
    else:
        for field in page.locator(".mp-q .govuk-input").all():
            field.fill("8")
    person.press("main form button.govuk-button")


def answer_to_the_end(person: Person) -> int:
    """How many pages were asked until the end."""
    for turn in range(MOST_PAGES):
        if not person.path.startswith("/check/q/"):
            return turn
        answer(person, turn)
    raise AssertionError("the questions do not end")


@pytest.mark.parametrize(
    ("window", "decided"),
    [({"locale": "zh-CN"}, "项政策确定符合"), ({"locale": "en-GB", **PHONE}, "policies apply for certain")],
)
def test_one_click_starts_and_the_questions_end(
    arrives: Arrives, window: dict[str, object], decided: str
) -> None:
    visitor = arrives(**window)
    visitor.open("/check").press("main a.govuk-button")
    assert asked(visitor) == "entity_type"
    assert 10 < answer_to_the_end(visitor) < 60
    assert visitor.path == "/check/done"
    assert decided in visitor.text
    left = visitor.page.locator(".mp-leftopen a")
    assert left.count() > 0
    left.first.click()
    assert visitor.path.startswith("/check/q/")
    visitor.look()
    visitor.open("/check/done").press("form[action='/check/again'] button")
    assert visitor.path.startswith("/check/q/")
    visitor.open("/check/done").press("main a[href='/check/result']")


def test_the_panel_tells_what_an_answer_decided_and_the_question_why_it_is_asked(arrives: Arrives) -> None:
    visitor = arrives(locale="zh-CN")
    visitor.open("/check/q/entity_type")
    assert "63 项政策，已定 0 项" in visitor.text
    visitor.page.locator(".mp-reasons summary").click()
    visitor.look()
    assert "在等这个答案" in visitor.page.inner_text(".mp-reasons__body")
    assert visitor.page.locator(".mp-reasons__body a[href^='/policies/']").count() > 0
    answer(visitor, 0)
    assert "上一题之后，又定了" in visitor.page.inner_text("aside")
    visitor.press(".govuk-back-link")
    assert visitor.page.is_checked("[value=individual_business]")


def test_back_leads_through_the_questions_that_were_asked_and_keeps_their_answers(arrives: Arrives) -> None:
    visitor = arrives(locale="zh-CN", **PHONE)
    visitor.open("/check/next")
    seen = []
    for turn in range(4):
        seen.append(asked(visitor))
        answer(visitor, turn)
    for name in reversed(seen):
        visitor.press(".govuk-back-link")
        assert asked(visitor) == name
    assert visitor.page.is_checked("[value=individual_business]")
    visitor.press(".govuk-back-link")
    assert visitor.path == "/check"


class TestWithoutScript:
    """JavaScript switched off."""

    def test_everything_is_answered_by_forms(self, arrives: Arrives) -> None:
        visitor = arrives(java_script_enabled=False, locale="zh-CN")
        visitor.open("/check").press("main a.govuk-button")
        visitor.press("main form button")
        assert "选一个" in visitor.page.inner_text(".govuk-error-summary")
        for turn in range(FEW):
            answer(visitor, turn)
        assert visitor.path.startswith("/check/q/")
        visitor.open("/check/resume").press("form[action='/check/code'] button")
        assert re.fullmatch(r"\w{4}-\w{4}", visitor.page.inner_text(".mp-keycode__text"))

    def test_a_place_and_a_trade_are_chosen_among_what_was_found(self, arrives: Arrives) -> None:
        visitor = arrives(java_script_enabled=False, locale="zh-CN")
        visitor.open("/check/q/place").fill(city_code="jn").press("main form button")
        assert visitor.page.input_value("[name=city_code]") == "jn"
        visitor.page.get_by_label("山东省济南市").check()
        visitor.press("main form button")
        visitor.open("/check/q/industry_code").fill(industry_code="cy").press("main form button")
        visitor.page.get_by_label("6210 正餐服务").check()
        visitor.press("main form button")
        visitor.open("/check/identity")
        assert visitor.page.input_value("[name=city_code]") == "山东省济南市"
        assert visitor.page.input_value("[name=industry_code]") == "6210 正餐服务"


def typed(page: Page, text: str) -> list[str]:
    """What the combobox offers for what is typed."""
    page.keyboard.type(text)
    page.wait_for_selector(".mp-combo__list li")
    return page.locator(".mp-combo__list li").all_inner_texts()


def test_a_place_is_found_and_chosen_by_keyboard_alone(arrives: Arrives) -> None:
    visitor = arrives(locale="zh-CN")
    visitor.open("/check/q/place")
    page, keys = visitor.page, visitor.page.keyboard
    page.focus("[name=city_code]")
    assert typed(page, "jn")[:2] == ["山东省济南市", "山东省济宁市"]
    field = page.locator("[name=city_code]")
    expect(field).to_have_attribute("aria-expanded", "true")
    visitor.look()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    assert page.locator(f"#{field.get_attribute('aria-activedescendant')}").inner_text() == "山东省济宁市"
    keys.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    assert field.input_value() == "jn"
    keys.press("ArrowDown")
    page.wait_for_selector(".mp-combo__list li")
    keys.press("ArrowUp")
    keys.press("ArrowDown")
    keys.press("Enter")
    assert field.input_value() == "山东省济南市"
    with page.expect_navigation():
        keys.press("Enter")
    visitor.look()
    page.locator(".mp-answered summary").click()
    assert "济南市" in page.inner_text(".mp-answers")


def test_a_list_is_answered_by_keyboard_and_none_of_these_stands_alone(arrives: Arrives) -> None:
    visitor = arrives(locale="zh-CN")
    visitor.open("/check/q/dues")
    page, keys = visitor.page, visitor.page.keyboard
    page.focus(".mp-tickbox input")
    keys.press("Space")
    page.focus("#none_of_these")
    keys.press("Space")
    assert page.locator(".mp-tickbox input:checked").count() == 1
    page.focus(".mp-tickbox input")
    keys.press("Space")
    assert not page.is_checked("#none_of_these")
    page.focus("main form button.govuk-button")
    with page.expect_navigation():
        keys.press("Enter")
    visitor.look().open("/check/q/dues")
    assert page.locator(".mp-tickbox input:checked").count() == 1


def test_answers_are_taken_up_on_another_device_and_deleted_on_both(arrives: Arrives) -> None:
    first = arrives(locale="zh-CN")
    first.open("/check/next")
    answer(first, 0)
    first.open("/check/resume").press("form[action='/check/code'] button")
    code = first.page.inner_text(".mp-keycode__text")
    second = arrives(locale="en-GB", **PHONE)
    second.open("/check/resume").fill(code="0000 0000").press("form[action='/check/resume'] button")
    assert "opens no answers" in second.page.inner_text(".govuk-error-summary")
    second.fill(code=code.lower().replace("-", " ")).press("form[action='/check/resume'] button")
    assert "your 1 answer is here" in second.text
    second.press("main a.govuk-button")
    answer(second, 1)
    first.open("/check/q/place")
    assert first.page.input_value("[name=city_code]") != ""
    first.open("/check/delete").press("form[action='/check/delete'] button")
    assert "都删掉了" in first.text
    second.open("/check")
    assert "Start" in second.page.inner_text("main a.govuk-button")


def until(page: Page, what: str) -> None:
    """Wait until an expression holds; the page's own policy forbids what would wait inside it."""
    for _ in range(100):
        if page.evaluate(what):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never came true: {what}")


def test_the_check_opens_without_a_network_and_sends_what_was_filled_in_later(arrives: Arrives) -> None:
    visitor = arrives(locale="zh-CN", **PHONE)
    page, window = visitor.page, visitor.page.context
    visitor.open("/check")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    until(page, "caches.keys().then(names => names.some(name => name.startsWith('shell-')))")
    until(page, "navigator.serviceWorker.controller !== null")
    window.set_offline(True)
    page.goto(visitor.base + "/check")
    assert visitor.heading == "没有网络也能填"
    visitor.look()
    page.check("[name=entity_type][value=company]")
    page.fill("[name=city_code]", "济南")
    assert "已保存在本机" in page.inner_text("[data-kept]")
    page.goto(visitor.base + "/check")
    assert page.input_value("[name=city_code]") == "济南"
    page.click("main form button.govuk-button")
    assert "已保存在本机，联网后发送" in page.inner_text(".mp-offline")
    visitor.complaints.clear()  # the browser calls a refused connection an error
    window.set_offline(False)
    expect(page.locator(".mp-offline")).to_contain_text("已经发送")
    assert page.evaluate("localStorage.length") == 0
    visitor.open("/check/identity")
    assert page.is_checked("[name=entity_type][value=company]")
    assert page.input_value("[name=city_code]") == "山东省济南市"
    kept = page.evaluate(
        "caches.keys().then(async names => (await Promise.all(names.map(async name =>"
        " (await (await caches.open(name)).keys()).map(each => new URL(each.url).pathname)))).flat())"
    )
    assert {each for each in kept if not each.startswith("/static/")} == {"/check/offline", "/shell-language"}
