"""A person at a browser: pages are opened and forms sent as people do it, and every page seen is looked over.

Looking over means axe finds nothing, nothing runs off sideways, no text is squeezed into a column of a few letters,
nothing sticks out of its card, and the browser's console has no complaint;
the pages' own content security policy stays on, because it is part of what is tested.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FINDINGS = """async rules => (await axe.run(document, {runOnly: rules, resultTypes: ['violations']})).violations.map(
  v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary).join(' | '))"""
NARROW = """() => [...document.querySelectorAll('main *')].flatMap(box => {
  const letters = [...box.childNodes].filter(each => each.nodeType === 3 && each.data.trim().length > 1);
  if (!letters.length || !box.checkVisibility() || getComputedStyle(box).position === 'absolute') return [];
  const count = letters.reduce((sum, each) => sum + each.data.trim().length, 0), range = document.createRange();
  const lines = letters.flatMap(each => { range.selectNodeContents(each); return [...range.getClientRects()] });
  const rows = new Set(lines.map(each => Math.round(each.top))).size;
  return rows > 3 && count / rows < 5 ? [`${box.className || box.tagName}: ${letters[0].data.trim().slice(0, 30)}`] : []
})"""
OUTSIDE = """() => [...document.querySelectorAll('.mp-card .govuk-button, .mp-card .govuk-tag')].filter(each => {
  const card = each.closest('.mp-card').getBoundingClientRect(), box = each.getBoundingClientRect();
  return box.width && (box.right > card.right - 4 || box.left < card.left + 4) }).map(each => each.innerText)"""
COLUMN = """selector => Math.min(...[...document.querySelectorAll(selector)].filter(each => each.checkVisibility())
  .map(each => each.getBoundingClientRect().width))"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def chromium() -> str:
    """Where Chromium is: $CHROMIUM or the PATH, as `make chromium` looks for it."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    assert found, "the journeys need Chromium; `make chromium` installs it or says how"
    return found


def launch(playwright: Playwright) -> Browser:
    """A browser with an empty profile of its own, removed when it closes."""
    return playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))


def assert_axe_clean(page: Page) -> None:
    """No finding of WCAG 2.2 A and AA that a program can find."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(FINDINGS, RULES)
    assert found == [], f"{page.url}: {found}"


def no_sideways_scroll(page: Page) -> None:
    """The page is no wider than its window."""
    over = page.evaluate(WIDER)
    assert over <= 0, f"{page.url} runs {over} px off the right of {page.viewport_size}"


def fits(page: Page) -> None:
    """No text stands in a column of a few letters, and no button or badge runs over its card's edge."""
    narrow = page.evaluate(NARROW)
    assert narrow == [], f"{page.url}: text a few letters wide: {narrow}"
    outside = page.evaluate(OUTSIDE)
    assert outside == [], f"{page.url}: over the edge of its card: {outside}"


def narrowest(page: Page, selector: str) -> float:
    """The width in px of the narrowest of the elements that are shown; there must be some."""
    width = float(page.evaluate(COLUMN, selector))
    assert width < 1e6, f"{page.url}: nothing is {selector}"
    return width


@dataclass
class Person:
    """Somebody with a browser window of their own: cookies, language and size are theirs.

    `complaints` collects what the browser's console calls an error, besides the refusals a test asks for.
    """

    page: Page
    base: str
    passwords: Mapping[str, str]
    scripted: bool = True
    complaints: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def open(self, path: str) -> "Person":
        """Go to an address of the service and look the page over."""
        self.page.goto(self.base + path)
        return self.look()

    def press(self, selector: str) -> "Person":
        """Click what leads to another page, and look that page over."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        return self.look()

    def look(self) -> "Person":
        """Look the page over."""
        self.seen.append(self.path)
        no_sideways_scroll(self.page)
        fits(self.page)
        if self.scripted:
            assert_axe_clean(self.page)
        assert self.complaints == [], self.complaints
        return self

    def fill(self, **fields: str) -> "Person":
        """Type into fields by name."""
        for name, text in fields.items():
            self.page.fill(f"main [name={name}]", text)
        return self

    def choose(self, **answers: str) -> "Person":
        """Tick radios by name and value."""
        for name, value in answers.items():
            self.page.check(f"main [name={name}][value={value}]")
        return self

    def sign_in(self, username: str, then: str = "") -> "Person":
        """Sign in with the demo password, from whichever sign-in form is open, and go on to `then`."""
        if not self.path.startswith("/login"):
            self.page.goto(f"{self.base}/login" + (f"?next={then}" if then else ""))
        self.fill(username=username, password=self.passwords[username])
        return self.press("main form button")

    @property
    def path(self) -> str:
        """The address without the service's part."""
        return self.page.url.removeprefix(self.base)

    @property
    def heading(self) -> str:
        """The page's heading."""
        return self.page.inner_text("h1")

    @property
    def text(self) -> str:
        """Everything that can be read on the page."""
        return self.page.inner_text("body")


def arrive(browser: Browser, base: str, passwords: Mapping[str, str], **window: object) -> Person:
    """A new person at a fresh window; `window` is what the browser's context is made with."""
    context: BrowserContext = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **window})
    scripted = window.get("java_script_enabled", True) is True
    if scripted:
        context.add_init_script(path=AXE)
    page = context.new_page()
    page.set_default_timeout(15_000)
    person = Person(page, base, passwords, scripted)

    def hear(text: str) -> None:
        if "Failed to load resource: the server responded with a status of 4" not in text:
            person.complaints.append(f"{page.url}: {text}")

    page.on("console", lambda message: hear(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: hear(str(error)))
    return person
