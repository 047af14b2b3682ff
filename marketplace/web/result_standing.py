"""What a result says of a policy to everybody alike: what it is, how to have it, and where it is written.

Each part is drawn once for each text and language, when a page first needs it: drawing is most of what a result costs.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from marketplace.portal import claiming, codes, origins
from marketplace.web.render import piece
from policies.pack import PublishedText

MOST_KEPT = 2_000


@dataclass(frozen=True)
class Standing:
    """Parts of a page about one text in one language."""

    policy: PublishedText
    lang: str

    @cached_property
    def about(self) -> Markup:
        """Area, level, category, number, issuer and dates in two lines."""
        return self._drawn("about", area=self.area)

    @cached_property
    def how(self) -> Markup:
        """How to have it."""
        return self._drawn("how", way=claiming.ways().get(self.policy.id))

    @cached_property
    def source(self) -> Markup:
        """Where it is written."""
        return self._drawn("source", area=self.area, origin=origins.origin(self.policy.text))

    @property
    def area(self) -> str:
        """The name of where it holds."""
        code: str = self.policy.text["region_code"]
        region = codes.regions().get(code)
        return codes.named(region, self.lang) if region else code

    def _drawn(self, name: str, **context: Any) -> Markup:
        return piece(f"result/_{name}.html", self.lang, policy=self.policy, **context)


_kept: dict[tuple[str, str, str], Standing] = {}


def standing(policy: PublishedText, lang: str) -> Standing:
    """The parts of one policy. The content's hash is in the key: another database may hold another text."""
    key = (policy.key, str(policy.text["content_sha256"]), lang)
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        found = _kept[key] = Standing(policy, lang)
    return found
