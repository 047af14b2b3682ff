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
from policies import advising, answers, keeper, matching, queries, stating
from policies.errors import PolicyNotFound
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
    *,
    q: Words = "",
    category: Category | None = None,
    level: Level | None = None,
    in_force_on: date | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> PolicyList:
    """Published policies, newest issue first; `q` searches names, titles, document numbers and issuers."""
    rows, total = await queries.search(
        session, words=q, category=category, level=level, day=in_force_on, limit=limit, offset=offset
    )
    return PolicyList(total=total, items=[PolicySummary.model_validate(row) for row in rows])


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
