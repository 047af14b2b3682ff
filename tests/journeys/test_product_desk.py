"""Two product managers of a bank and its senior officer at the browser: written, handed in, sent back, put on offer."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Person

pytestmark = pytest.mark.browser
LOAN = "/bank/products/CCB-YSD"


def test_a_bank_changes_its_own_product_with_two_persons(arrives: Callable[..., Person]) -> None:
    writer = arrives().sign_in("product-ccb-1")
    second = arrives(viewport={"width": 390, "height": 844}).sign_in("product-ccb-2")
    senior = arrives().sign_in("senior-ccb", then="/bank/products")
    writer.open(f"{LOAN}?lang=zh")
    page = writer.page
    page.fill('[id="b.1.v0"]', "12")
    page.keyboard.press("Tab")
    expect(page.locator("#rule")).to_have_value(
        '(sme_size in ["micro", "small"] || entity_type == "individual_business") && months_paying_tax >= 12 && '
        'tax_credit_rating in ["A", "B"] && tax_paid_12m_yuan >= 10000 && !owner_bad_credit && owner_age >= 18 && '
        "owner_age <= 65"
    )
    expect(page.locator("#diagnosis")).to_contain_text("is at least 12 months")
    page.fill("#max_amount", "tax_paid_12m_yuan * 7")
    expect(page.locator("#amount-says")).to_contain_text("× 7")
    page.fill("#max_rate_pct", "1")
    writer.press("button[name=save]")
    assert page.input_value("#max_amount") == "tax_paid_12m_yuan * 7"
    page.locator(".govuk-error-summary a").first.click()
    page.keyboard.type("4.9")
    page.fill("#max_rate_pct", "4.9")
    writer.press("button[name=save]")
    assert writer.path == f"{LOAN}/versions/2"

    writer.open(f"{LOAN}/versions/2/try").fill(amount_yuan="50万", months_paying_tax="10")
    writer.press("button[name=try]")
    expect(page.locator("#result")).to_contain_text("目前不符合")
    writer.open(f"{LOAN}/versions/2").fill(why="让新企业也能借")
    writer.press("button[value=submit]")
    assert page.locator("button[value=publish]").count() == 0

    second.open("/bank/products?lang=en").press("main a")
    assert second.path == f"{LOAN}/versions/2"
    second.page.locator("#action summary").click()
    second.press("button[value=reject]")
    second.fill(reason="The formula wants a ceiling").press("button[value=reject]")
    writer.open(f"{LOAN}/versions/2")
    assert "The formula wants a ceiling" in writer.text

    writer.open(LOAN).fill(max_rate_pct="4.8").press("button[name=save]")
    writer.press("button[value=submit]")
    senior.open(f"{LOAN}/versions/3").press("button[value=publish]")
    assert senior.page.locator("button[value=publish]").count() == 0
    owner = arrives().open("/loans?lang=zh")
    assert "4.8" in owner.text
