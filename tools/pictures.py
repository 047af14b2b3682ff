"""Pictures of the owner's pages in their states for docs/pages.md, shot from a running demo service.

`python tools/pictures.py http://127.0.0.1:8000 var/demo-credentials.json` after `make run`; each picture is reduced to
64 colours, because they are looked at and not measured.
"""

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.browser import launch

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PHONE, DESK = (390, 844), (1280, 900)
TALLEST = 1800
"""Pixels of a page that are kept; below is more of the same."""


class Shooter:
    """One service, one browser."""

    def __init__(self, browser: Browser, base: str, accounts: dict[str, str]) -> None:
        self.browser, self.base, self.accounts = browser, base, accounts

    @contextmanager
    def visitor(self, size: tuple[int, int], lang: str = "zh-CN", script: bool = True) -> Iterator[Page]:
        """A page of somebody who has not been here before."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=lang, java_script_enabled=script
        )
        page = context.new_page()
        yield page
        context.close()

    def shoot(self, page: Page, name: str) -> None:
        """The page as it stands, from its top."""
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        shot = shot.crop((0, 0, shot.width, min(shot.height, TALLEST)))
        shot.quantize(64).save(PICTURES / f"{name}.png", optimize=True)
        sys.stderr.write(f"{name} {page.url}\n")

    def at(self, name: str, path: str, size: tuple[int, int] = PHONE, lang: str = "zh-CN") -> None:
        """A page that needs nothing before it."""
        with self.visitor(size, lang) as page:
            page.goto(self.base + path)
            self.shoot(page, name)

    def after(
        self, name: str, before: Callable[[Page], None], size: tuple[int, int] = PHONE, lang: str = "zh-CN"
    ) -> None:
        """A page that something leads to."""
        with self.visitor(size, lang) as page:
            before(page)
            self.shoot(page, name)

    def answer(self, page: Page, given: dict[str, str], questions: int) -> None:
        """Some questions of the check: those named as given, of others the first choice or not known."""
        page.goto(self.base + "/check/next")
        for _ in range(questions):
            if "/check/q/" not in page.url:
                return
            wanted = given.get(page.url.rsplit("/", 1)[1])
            radios = page.locator("main input[type=radio]")
            if wanted is not None and radios.count():
                page.locator(f"main input[type=radio][value='{wanted}']").check(force=True)
            elif wanted is not None:
                page.locator("main form input:not([type=hidden])").first.fill(wanted)
            elif page.get_by_role("button", name="我不知道").count():
                page.get_by_role("button", name="我不知道").click()
                page.wait_for_load_state()
                continue
            elif radios.count():
                radios.last.check(force=True)
            elif page.locator("main input[type=checkbox]").count():
                page.locator("main input[type=checkbox]").last.check(force=True)
            page.locator("main form button.govuk-button").first.click()
            page.wait_for_load_state()

    def signed_in(self, page: Page, username: str, path: str) -> None:
        """A page of an account."""
        page.goto(f"{self.base}/login?next={path}")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", self.accounts[username])
        page.locator("main form button").first.click()
        page.wait_for_load_state()
        page.goto(self.base + path)

    def own_result(self, page: Page) -> None:
        """What the first of the owner's enterprises gets."""
        self.signed_in(page, "owner", "/account")
        link = page.locator("main a[href*='/account/enterprises/']:not([href$='/new'])").first
        enterprise = str(link.get_attribute("href")).split("/")[3]
        page.goto(f"{self.base}/check/result?enterprise={enterprise}")

    def commitment(self) -> None:
        """A commitment: its text, at the desk, and found untrue."""
        with self.visitor(PHONE) as owner, self.visitor(DESK) as desk:
            self.signed_in(owner, "owner", "/account")
            link = owner.locator("main article h3 a").first.get_attribute("href")
            owner.goto(
                f"{self.base}{link}/commitments/declare?fact.employees_end=1&fact.operating_revenue_yuan=1"
            )
            self.shoot(owner, "commitment-text")
            for box in owner.locator("main input[type=checkbox]").all():
                box.check()
            owner.locator("main form[method=post] button.govuk-button").click()
            owner.wait_for_load_state()
            self.signed_in(desk, "admin-1", f"/admin/commitments/{owner.url.rsplit('/', 1)[1]}")
            desk.check("[name=outcome][value=refuted]")
            desk.locator("main input[type=checkbox]").first.check()
            desk.fill("#ground", "12月3日到店查看，在岗 3 人，社保记录也是 3 人。")
            self.shoot(desk, "commitment-desk")
            desk.locator("main form button.govuk-button").click()
            desk.wait_for_load_state()
            owner.reload()
            self.shoot(owner, "commitment-untrue")


SHOP = {
    "entity_type": "company", "place": "济南", "province_code": "济南", "city_code": "济南", "industry_code": "6210",
    "employees_end": "28", "operating_revenue_yuan": "360万", "total_assets_yuan": "180万",
    "vat_taxpayer_type": "small_scale", "vat_period": "quarter",
}  # fmt: skip


def pictures(here: Shooter) -> None:
    """Every state, one picture each."""
    here.at("home", "/", DESK)
    here.at("check-start", "/check")
    here.at("check-question", "/check/next")
    here.at("check-question-en", "/check/next?lang=en", DESK, "en-GB")
    here.after("check-error", lambda page: (page.goto(here.base + "/check/q/employees_end"),
               page.fill("main form input:not([type=hidden])", "三十"),
               page.locator("main form button.govuk-button").first.click())[0])  # fmt: skip
    here.after("check-half", lambda page: here.answer(page, SHOP, 9), DESK)
    here.after("result", here.own_result, DESK)
    here.after("result-phone", here.own_result)
    here.at("result-empty", "/check/result")
    here.at("resume", "/check/resume")
    here.at("offline", "/check/offline")
    here.at("library", "/policies", DESK)
    here.at("library-mistyped", "/policies?q=小徽企业 减免")
    here.at("library-nothing", "/policies?q=火星移民")
    here.at("policy", "/policies/CN-SI-2020-11-SME", DESK)
    here.at("verify-unknown", "/verify/ABCD-2020")
    here.at("not-there", "/nothing-here")
    owner = "owner"
    here.after("account", lambda page: here.signed_in(page, owner, "/account"), DESK)
    here.commitment()
    here.after("inbox", lambda page: here.signed_in(page, owner, "/inbox"))


def main() -> int:
    """Shoot them all."""
    base, credentials = sys.argv[1], Path(sys.argv[2])
    found = json.loads(credentials.read_text(encoding="utf-8"))["accounts"]
    with sync_playwright() as playwright:
        browser = launch(playwright)
        pictures(Shooter(browser, base, {one["username"]: one["password"] for one in found}))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
