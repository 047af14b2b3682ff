"""Matching and the policy library over the API: open to everybody, because finding out needs no account.

Thin on purpose: a handler turns input into one call and rows into Read models, once.
"""

import asyncio
from datetime import date
from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.datastructures import State
from litestar.params import Body, Parameter
from litestar.status_codes import HTTP_200_OK
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from auth.state import request_session
from eligibility import Facts, Vocabulary, parse, sentence
from policies import advising, answers, keeper, library, matching, misses, queries, stating
from policies.errors import PolicyNotFound
from policies.library import Filter, When
from policies.schemas import (
    Category,
    Level,
    MatchIds,
    MatchInput,
    MatchRead,
    PolicyDetail,
    PolicyList,
    PolicyRead,
    PolicySummary,
)

Limit = Annotated[int, Parameter(ge=1, le=200)]
Offset = Annotated[int, Parameter(ge=0, le=100_000)]
Words = Annotated[str, Parameter(max_length=200)]


@post("/eligibility/match", status_code=HTTP_200_OK, **PUBLIC)
async def match(
    request: Request[Any, Any, State], data: Annotated[MatchInput, Body()], as_of: date
) -> MatchRead | MatchIds:
    """Which policies apply to the given facts, which need more answers, which do not apply and why.

    Absent facts are unknown, null ones known to be none. `as_of` defaults to the service's day; a day in the past is
    judged by the texts that held then. `pack_version` names what was published when the answer was given.
    With `inputs`, amounts that wait for a policy's own figures become exact; `detail: advice` tells more, and later.
    """
    facts = Facts.from_json(data.facts, Vocabulary.shipped())
    # no session of its own: while the worker hears of publications there is nothing to ask the database
    pack = keeper.current(request.app.state["engine"]) or await keeper.load_pack(
        await request_session(request)
    )
    day = data.as_of or as_of
    if data.detail == "ids":
        return answers.ids(pack, facts, day)
    stated = stating.read(pack, data.inputs)
    if data.detail == "advice":
        advice = advising.advise(pack, facts, day, stated)
        return await asyncio.to_thread(answers.answer, advice.result, advice)
    return answers.answer(matching.match(pack, facts, day, stated))


@get("/policies", **PUBLIC)
async def list_policies(
    session: AsyncSession,
    as_of: date,
    *,
    q: Words = "",
    category: Category | None = None,
    level: Level | None = None,
    in_force_on: date | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> PolicyList:
    """Published policies, newest issue first; with `q`, the likeliest first, whichever language it is in.

    A mistyped word is found by what is like it. Where no policy has every word, those that have most of them are told.
    """
    found = (await library.load(session)).find(
        q,
        Filter(category=category, level=level, when=None if in_force_on is None else When.IN_FORCE),
        in_force_on or as_of,
        limit=limit,
        offset=offset,
    )
    if found.nowhere:
        await misses.record(session, q, as_of)
    rows = await queries.by_ids(session, found.ids)
    items = [PolicySummary.model_validate(rows[name]) for name in found.ids if name in rows]
    return PolicyList(total=found.total, items=items)


@get("/policies/{policy_id:str}", **PUBLIC)
async def one_policy(session: AsyncSession, policy_id: str) -> PolicyDetail:
    """The published version of one policy, with its rule as CEL and as a sentence."""
    row = await queries.current(session, policy_id)
    if row is None:
        raise PolicyNotFound
    rule = parse(row.rule, Vocabulary.shipped())
    read = PolicyRead.model_validate(row)
    return PolicyDetail(
        **read.model_dump(), sentence_zh=sentence(rule, "zh-CN"), sentence_en=sentence(rule, "en")
    )


router = Router("/api/v1", route_handlers=[match, list_policies, one_policy], tags=["policies"])
