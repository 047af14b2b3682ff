"""A page as its reader meets it: text without markup, links, headings, form fields.

With the standard library's parser, so that a test sees what a browser gets and nothing is fetched.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from loans.schemas import QuoteRead
from marketplace.web.format import pct, yuan

SKIPPED = frozenset({"script", "style", "svg"})


@dataclass
class Page(HTMLParser):
    """The parsed page. links: addresses in order; lang: that of the whole page."""

    words: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    lang: str = ""
    _skipping: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links and the page's language."""
        given = dict(attrs)
        self._skipping += tag in SKIPPED
        if tag == "html":
            self.lang = given.get("lang") or ""
        if tag == "a":
            self.links.append(given.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        """Leave what is skipped."""
        self._skipping -= tag in SKIPPED

    def handle_data(self, data: str) -> None:
        """Keep text that is read."""
        if not self._skipping and data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """All text, one space between parts."""
        return " ".join(self.words)


def read(html: str) -> Page:
    """Parse a page."""
    page = Page()
    page.feed(html)
    return page


def terms_of(quote: QuoteRead) -> list[str]:
    """What a Chinese page must say of a loan's cost: payment, last payment, total, rate and its method."""
    amounts = (quote.payment_yuan, quote.final_payment_yuan, quote.cost_yuan, quote.total_yuan)
    return [*(yuan(each, "zh-CN") for each in amounts), pct(quote.apr_pct), "内部收益率法"]
