"""One policy on a page of its own: what it says, its rule, its source, and what it is connected with."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from eligibility import Vocabulary, explain, sentence
from marketplace.language import language_of
from marketplace.portal import checks
from marketplace.portal.codes import namer
from marketplace.web import verdicts
from marketplace.web.policy_words import PolicyWords
from marketplace.web.render import page
from policies import keeper, matching, queries
from policies.errors import PolicyNotFound
from policies.matching import Judged
from policies.pack import Pack, PolicyRecord
from policies.tables import PolicyVersion

AnyRequest = Request[Any, Any, Any]
LINKED = ("extends", "extended_by", "supersedes", "superseded_by", "stacks_on", "implements")


@get("/policies/{policy_id:str}", **PUBLIC)
async def one(request: AnyRequest, session: AsyncSession, policy_id: str, as_of: date) -> Response[str]:
    """One policy: what it says, the rule in words, its source, and what it is connected with."""
    pack = await keeper.load_pack(session)
    record = pack.by_id.get(policy_id)
    row = await queries.current(session, policy_id) if record else None
    if record is None or row is None:
        raise PolicyNotFound
    lang = language_of(request)
    return page(
        request,
        "policies/policy.html",
        policy=row,
        record=record,
        rule=record.rule,
        sentence=sentence(record.rule, lang, namer(lang)),
        tree=verdicts.tree(explain(record.rule, {}), lang),
        links=links(pack, record, row, lang),
        sources=source_marks(row),
        judged=await _judged(request, session, record, as_of),
        words=PolicyWords(lang, as_of),
    )


async def _judged(
    request: AnyRequest, session: AsyncSession, record: PolicyRecord, day: date
) -> Judged | None:
    """The policy by the visitor's own answers; None without any, or when it is not in force."""
    facts = checks.facts_of(await checks.find(session, request.cookies.get(checks.COOKIE)))
    if not facts or not record.in_force(day):
        return None
    return matching.judge(record, facts.on(day, Vocabulary.shipped()))


def source_marks(row: PolicyVersion) -> list[tuple[str, date | None]]:
    """How the text was checked: each mark once for each day of a page it was checked against.

    What the editors wrote about a source is theirs, in their language; it stands at the admins' desk.
    """
    marks = [(str(source["mark"]), _day_in(str(source["text"]))) for source in row.sources]
    return list(dict.fromkeys(marks)) or [(row.checked, None)]


def _day_in(text: str) -> date | None:
    for found in re.findall(r"\b\d{4}-\d{2}-\d{2}\b", text):
        try:
            return date.fromisoformat(found)
        except ValueError:
            continue
    return None


def links(
    pack: Pack, record: PolicyRecord, row: PolicyVersion, lang: str
) -> list[tuple[str, Sequence[tuple[str, str]]]]:
    """Connected policies: [(kind, [(id, name)])]. Exclusion holds both ways, whichever text states it."""
    barred = {*record.exclusions, *(other.id for other in pack.policies if record.id in other.exclusions)}
    named = {"exclusions": sorted(barred), **{kind: row.relations.get(kind) or [] for kind in LINKED}}
    found = [
        (kind, [(name, pack.by_id[name].name(lang)) for name in names if name in pack.by_id])
        for kind, names in named.items()
    ]
    return [(kind, names) for kind, names in found if names]


router = Router("/", route_handlers=[one], include_in_schema=False)
