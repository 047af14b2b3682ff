"""The policy library: every published policy, browsed by kind, level, area and issuer, and found by words.

Everything is an address, so that back, a bookmark and a browser without script all work. Filters that say nothing known
are taken as not given: a mistyped address still shows the library.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.web.policy_words import PolicyWords
from marketplace.web.render import page
from policies import library as policy_library
from policies import misses, queries
from policies.library import Filter, Listed, When
from policies.marking import marked
from policies.search_terms import understand
from policies.tables import CATEGORIES, LEVELS

AnyRequest = Request[Any, Any, Any]
PAGE_SIZE = 20
LAST_PAGE = 1000
LONGEST_SEARCH = 200
LONGEST_CHOICE = 60
ALL = "all"


@dataclass(frozen=True, slots=True)
class Search:
    """What the visitor looks for. `when` None: whatever its dates; `number`: of the page."""

    q: str = ""
    category: str | None = None
    level: str | None = None
    area: str | None = None
    issuer: str | None = None
    when: When | None = When.IN_FORCE
    number: int = 1

    def address(self, **changes: Any) -> str:
        """The same search with something changed, from its first page on unless another is asked for."""
        other = replace(self, **{"number": 1, **changes})
        asked = {
            "q": other.q,
            "category": other.category,
            "level": other.level,
            "area": other.area,
            "issuer": other.issuer,
            "when": None if other.when is When.IN_FORCE else other.when or ALL,
            "page": other.number if other.number > 1 else None,
        }
        given = {name: value for name, value in asked.items() if value}
        return f"/policies?{urlencode(given)}" if given else "/policies"

    @property
    def narrowed(self) -> bool:
        """Whether anything but the day is asked for."""
        return bool(self.q or self.category or self.level or self.area or self.issuer)

    @property
    def chosen(self) -> Filter:
        """The filters alone."""
        return Filter(self.category, self.level, self.area, self.issuer, self.when)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter: what it is called, how many there would be, where it leads."""

    value: str | None
    label: str
    count: int
    address: str
    here: bool


def search_of(params: Mapping[str, str]) -> Search:
    """A search from an address; whatever is not understood counts as not asked."""
    category, level, when = params.get("category"), params.get("level"), params.get("when")
    number = params.get("page", "1")
    return Search(
        q=searchable(params.get("q", "")),
        category=category if category in CATEGORIES else None,
        level=level if level in LEVELS else None,
        area=searchable(params.get("area", ""))[:LONGEST_CHOICE] or None,
        issuer=searchable(params.get("issuer", ""))[:LONGEST_CHOICE] or None,
        when=None if when == ALL else When(when) if when in list(When) else When.IN_FORCE,
        number=min(max(int(number), 1), LAST_PAGE) if number.isdecimal() and len(number) < 6 else 1,
    )


def searchable(words: str) -> str:
    """Typed words without what no stored text holds: control characters and halves of characters."""
    return "".join(c if c.isprintable() else " " for c in words[:LONGEST_SEARCH]).strip()


@get("/policies", **PUBLIC)
async def library(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[str]:
    """The list."""
    wanted, lang = search_of(request.query_params), language_of(request)
    kept = await policy_library.load(session)
    wanted = known_only(wanted, kept)
    found = kept.find(wanted.q, wanted.chosen, as_of, limit=PAGE_SIZE, offset=(wanted.number - 1) * PAGE_SIZE)
    if found.nowhere:
        await misses.record(session, wanted.q, as_of)
    rows = await queries.by_ids(session, found.ids)
    words = PolicyWords(lang, as_of)
    return page(
        request,
        "policies/list.html",
        search=wanted,
        policies=[rows[name] for name in found.ids if name in rows],
        found=found,
        pages=-(-found.total // PAGE_SIZE),
        choices=choices(wanted, found, words),
        elsewhere=elsewhere(wanted, found, lang),
        pieces=partial(marked, asked=understand(wanted.q)),
        words=words,
    )


def known_only(wanted: Search, kept: policy_library.Library) -> Search:
    """Without an area or an issuer that no policy has."""
    return replace(
        wanted,
        area=wanted.area if wanted.area in kept.choices["area"] else None,
        issuer=wanted.issuer if wanted.issuer in kept.choices["issuer"] else None,
    )


def choices(wanted: Search, found: Listed, words: PolicyWords) -> Mapping[str, Sequence[Choice]]:
    """Every filter with its values, each with how many there would be; areas and issuers the fullest first."""
    say = partial(translate, words.lang)
    counts = found.counts
    labels: Mapping[str, Sequence[tuple[str | None, str]]] = {
        "when": [*((when, say(f"library.when.{when}")) for when in When), (None, say("library.when.all"))],
        "category": [(None, say("library.any")), *((one, say(f"category.{one}")) for one in CATEGORIES)],
        "level": [(None, say("library.any")), *((one, say(f"level.{one}")) for one in LEVELS)],
        "area": [(None, say("library.any")), *((one, words.area(one)) for one in _fullest(counts["area"]))],
        "issuer": [(None, say("library.any")), *((one, one) for one in _fullest(counts["issuer"]))],
    }
    return {
        name: [
            Choice(
                value,
                label,
                found.every[name] if value is None else counts[name].get(value, 0),
                wanted.address(**{name: value}),
                value == getattr(wanted, name),
            )
            for value, label in values
        ]
        for name, values in labels.items()
    }


def _fullest(counts: Mapping[str, int]) -> Sequence[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))


def elsewhere(wanted: Search, found: Listed, lang: str) -> Sequence[Choice]:
    """Where the same words find something when they find nothing here: another time, or without the other filters."""
    if found.total or wanted.when is None:
        return ()
    return [
        Choice(when, translate(lang, f"library.when.{when}"), count, wanted.address(when=when), False)
        for when in When
        if (count := found.counts["when"].get(when, 0))
    ]


router = Router("/", route_handlers=[library], include_in_schema=False)
