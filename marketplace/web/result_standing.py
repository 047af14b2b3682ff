"""What a result says of a policy to everybody alike: how to have it, and where it is written.

Drawn once for each text and language, because drawing 63 policies is most of what a result's page costs.
"""

from dataclasses import dataclass

from markupsafe import Markup

from marketplace.portal import claiming, codes, origins
from marketplace.web.render import piece
from policies.pack import PublishedText

MOST_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Parts of a page."""

    how: Markup
    source: Markup


_drawn: dict[tuple[str, str, str], Standing] = {}


def standing(policy: PublishedText, lang: str) -> Standing:
    """The parts of one policy. The content's hash is in the key: another database may hold another text."""
    key = (policy.key, str(policy.text["content_sha256"]), lang)
    found = _drawn.get(key)
    if found is None:
        region = codes.regions().get(policy.text["region_code"])
        area = codes.named(region, lang) if region else policy.text["region_code"]
        way, told = claiming.ways().get(policy.id), origins.origin(policy.text)
        parts = (
            piece(f"result/_{name}.html", lang, policy=policy, way=way, area=area, origin=told)
            for name in ("how", "source")
        )
        if len(_drawn) >= MOST_KEPT:
            _drawn.clear()
        found = _drawn[key] = Standing(*parts)
    return found
