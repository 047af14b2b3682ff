"""The home page: three doors with real counts, the newest policies, and a real result as an example.

Every figure is counted from what is published; the example is a demo enterprise matched like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from eligibility import Facts, Vocabulary
from loans import products
from marketplace.language import language_of
from marketplace.seeding.enterprises import demo_enterprises
from marketplace.web import government
from marketplace.web.format import is_zh
from marketplace.web.policy_words import PolicyWords
from marketplace.web.render import page
from policies import keeper, matching, queries
from policies.matching import Judged, MatchResult
from policies.pack import Pack
from policies.tables import CATEGORIES

AnyRequest = Request[Any, Any, Any]
SAMPLE = "E01"
SAMPLE_ROWS = 4
NEWEST = 5
# Words people can try in the search; each finds something in the shipped pack (a test checks).
TRIES = ("premiums", "levy", "rent", "keep_jobs", "defer")


@dataclass(frozen=True, slots=True)
class Sample:
    """The result of the demo enterprise shown as an example."""

    name_zh: str
    name_en: str
    staff: int
    total: Decimal
    rows: Sequence[Judged]
    eligible: int

    def name(self, lang: str) -> str:
        """What the enterprise is called."""
        return self.name_zh if is_zh(lang) else self.name_en


@cache
def sample_facts() -> tuple[str, str, Facts]:
    """Name in both languages and facts of the demo enterprise."""
    entry = next(entry for entry in demo_enterprises() if entry["id"] == SAMPLE)
    return entry["name"], entry["name_en"], Facts.from_json(entry["facts"], Vocabulary.shipped())


class SampleKeeper:
    """The example of the pack in force, matched once and again when something else is published."""

    def __init__(self) -> None:
        self._kept: tuple[Pack, date, Sample] | None = None

    def get(self, pack: Pack, day: date) -> Sample:
        """The example for this pack and day."""
        kept = self._kept
        if kept is not None and kept[0] is pack and kept[1] == day:
            return kept[2]
        made = sample_of(pack, day)
        self._kept = (pack, day, made)
        return made


KEEPER = SampleKeeper()


def sample_of(pack: Pack, day: date) -> Sample:
    """Match the demo enterprise. Rows: what counts towards the total first, then what is certain too."""
    name_zh, name_en, facts = sample_facts()
    result = matching.match(pack, facts, day)
    return Sample(
        name_zh=name_zh,
        name_en=name_en,
        staff=int(str(facts.get("employees_end") or 0)),
        total=result.total,
        rows=sample_rows(result)[:SAMPLE_ROWS],
        eligible=len(result.eligible),
    )


def sample_rows(result: MatchResult) -> list[Judged]:
    """Without what cannot be combined with a policy that already counts."""
    counted = [judged for judged in result.eligible if judged.policy.id in result.combined]
    barred = {name for judged in counted for name in judged.policy.exclusions}
    others = [
        judged
        for judged in result.eligible
        if judged.yuan is None
        and judged.policy.id not in barred
        and not result.combined.intersection(judged.policy.exclusions)
    ]
    return counted + others


@get("/", **PUBLIC)
async def home(request: AnyRequest, session: AsyncSession, as_of: date) -> Response[str]:
    """The first page."""
    counts = await queries.count_by_category(session, as_of)
    offered = await products.current_products(session)
    return page(
        request,
        "home/home.html",
        counts=[(category, counts.get(category, 0)) for category in CATEGORIES],
        policies=sum(counts.values()),
        groups=await government.matters(session, as_of),
        products=len(offered),
        banks=len({product.bank_id for product in offered}),
        newest=await queries.newest(session, as_of, NEWEST),
        sample=KEEPER.get(await keeper.load_pack(session), as_of),
        tries=TRIES,
        words=PolicyWords(language_of(request), as_of),
    )


router = Router("/", route_handlers=[home], include_in_schema=False)
