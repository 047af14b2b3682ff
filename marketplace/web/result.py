"""The result: what applies and is worth, what answers would settle, what does not apply and why.

Apart from the check, because an enterprise's stored facts are answered by the same page as a visitor's.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.errors import Forbidden
from auth.guards import PUBLIC
from auth.roles import Role
from eligibility import Vocabulary
from eligibility.derive import derived_values
from marketplace.language import language_of
from marketplace.portal import checks
from marketplace.profiles import service as profiles
from marketplace.web import verdicts
from marketplace.web.render import page
from policies import keeper, matching
from policies.matching import Judged, MatchResult
from policies.pack import Pack

AnyRequest = Request[Any, Any, Any]


@get("/check/result", **PUBLIC)
async def result(
    request: AnyRequest,
    session: AsyncSession,
    as_of: date,
    maybe_actor: Actor | None,
    enterprise: UUID | None = None,
) -> Response[str]:
    """The three lists, for the visitor's answers or for an enterprise of the signed-in owner."""
    about = None
    if enterprise is None:
        facts = checks.facts_of(await checks.find(session, request.cookies.get(checks.COOKIE)))
    else:
        if maybe_actor is None or maybe_actor.role is not Role.OWNER:
            raise Forbidden
        about = await profiles.enterprise_of(session, maybe_actor, enterprise)
        facts = await profiles.facts_of(session, enterprise)
    mine: Sequence[Any] = ()
    if about is None and maybe_actor is not None and maybe_actor.role is Role.OWNER:
        mine = await profiles.my_enterprises(session, maybe_actor)
    lang = language_of(request)
    pack = await keeper.load_pack(session)
    found = matching.match(pack, facts, as_of)
    return page(
        request,
        "result/result.html",
        result=found,
        enterprise=about,
        enterprises=mine,
        facts_known=len(facts),
        view=ResultView(lang, found, pack, f"/account/enterprises/{about.id}/facts" if about else "/check"),
        derived=derived_values(facts),
    )


class ResultView:
    """What the result page says about each policy, worked out as it is shown."""

    def __init__(self, lang: str, result: MatchResult, pack: Pack, questions: str = "/check") -> None:
        self.lang, self.result, self.pack, self.questions = lang, result, pack, questions
        self.vocabulary = Vocabulary.shipped()

    def tree(self, judged: Judged) -> verdicts.Line:
        """Why, as lines."""
        return verdicts.tree(judged.trace, self.lang, judged.policy.words("clause", self.lang))

    def reasons(self, judged: Judged) -> list[verdicts.Reason]:
        """Which conditions fail."""
        return verdicts.reasons(judged, self.lang)

    def missing(self, judged: Judged) -> list[tuple[str, str]]:
        """Links to the questions that settle it: (address, label)."""
        facts = [self.vocabulary.facts[name] for name in judged.verdict.missing]
        return [(f"{self.questions}/{fact.group}#{fact.name}", fact.label(self.lang)) for fact in facts]

    def excluded(self, judged: Judged) -> list[str]:
        """Names of other policies that apply too but cannot be combined with this one."""
        ids = {j.policy.id for j in self.result.eligible}
        named = set(judged.policy.exclusions) | {
            p.id for p in self.pack.policies if judged.policy.id in p.exclusions
        }
        return [self.pack.by_id[name].name(self.lang) for name in sorted(named & ids)]

    def combined(self) -> list[Judged]:
        """The set worth most together, dearest first."""
        return [j for j in self.result.eligible if j.policy.id in self.result.combined]

    def open_facts(self) -> list[tuple[str, str, int]]:
        """Open questions by how many verdicts wait for them: (address, label, verdicts)."""
        waiting: dict[str, int] = {}
        for judged in self.result.undetermined:
            for name in judged.verdict.missing:
                waiting[name] = waiting.get(name, 0) + 1
        ordered = sorted(waiting, key=lambda name: -waiting[name])[:5]
        facts = [self.vocabulary.facts[name] for name in ordered]
        return [(f"{self.questions}/{f.group}#{f.name}", f.label(self.lang), waiting[f.name]) for f in facts]


router = Router("/", route_handlers=[result], include_in_schema=False)
