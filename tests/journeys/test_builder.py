"""A rule is built by keyboard alone and read back as a sentence; a second admin meets the change and chooses."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import Person

pytestmark = pytest.mark.browser
EDITOR = "/admin/policies/SD-RENT-2020-4"
FACT = "期末从业人员数"


def tab_to(page: Page, field: str) -> None:
    """Press Tab until the field has the focus; it has to be within reach."""
    for _ in range(400):
        if page.evaluate("document.activeElement.id") == field:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {field}")


def focused(page: Page, field: str) -> None:
    """The focus is where the work goes on after a swap."""
    page.wait_for_function("id => document.activeElement.id === id", arg=field)


def test_two_admins_build_by_keyboard_and_meet(arrives: Callable[..., Person]) -> None:
    first, second = (
        arrives().sign_in("admin-1"),
        arrives(viewport={"width": 390, "height": 844}).sign_in("admin-2"),
    )
    second.open(f"{EDITOR}?lang=en")
    first.open(f"{EDITOR}?lang=zh")
    page, rule = first.page, first.page.locator("#rule")
    stored = rule.input_value()
    tab_to(page, "b.add")
    page.keyboard.press("Enter")
    focused(page, "b.3.fact")
    page.keyboard.type("从业人员")
    page.keyboard.press("Tab")
    expect(page.locator(".mp-bl__offers")).to_contain_text(FACT)
    first.look()
    page.keyboard.press("Shift+Tab")
    tab_to(page, "b.3.fact")
    page.keyboard.press("Control+a")
    page.keyboard.type(FACT)
    page.keyboard.press("Tab")
    focused(page, "b.3.op")
    page.keyboard.press("Tab")
    page.keyboard.type("20")
    page.keyboard.press("Tab")
    expect(rule).to_have_value(f"{stored} && employees_end <= 20")
    expect(page.locator("#diagnosis")).to_contain_text("期末从业人员数不超过 20 人")
    expect(page.locator("#diagnosis")).to_contain_text("is at most 20 persons")
    tab_to(page, "b.3.negate")
    page.keyboard.press("Enter")
    expect(rule).to_have_value(f"{stored} && !(employees_end <= 20)")
    focused(page, "b.3.negate")
    page.keyboard.press("Control+z")
    expect(rule).to_have_value(f"{stored} && employees_end <= 20")

    page.locator("#rule").fill(f"{stored} && employes_end <= 20")
    expect(page.locator(".mp-caret")).to_contain_text("^^^^^^^^^^^^")
    first.look()
    page.locator(".mp-use").click()
    expect(rule).to_have_value(f"{stored} && employees_end <= 20")
    first.look()
    first.press("button[name=save]")
    assert first.path.startswith(f"{EDITOR}/versions/")

    phone = second.page
    phone.locator("#rule").fill("employees_end <= 9")
    expect(phone.locator('[id="b.0.v0"]')).to_have_value("9")
    phone.fill("#note", "only mine")
    second.press("button[name=save]")
    assert "Both of you changed this" in second.text
    assert phone.input_value("#rule") == "employees_end <= 9"
    phone.check('[id="take.rule.theirs"]')
    second.press("button[name=save]")
    assert second.path == first.path
    assert "employees_end <= 20" in second.text
    first.open(EDITOR)
    assert page.input_value("#note") == "only mine"
