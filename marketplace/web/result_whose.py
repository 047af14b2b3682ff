"""Whose result a page is about: the visitor's own answers, or an enterprise of the signed-in owner.

One way in for the page, its PDF, its shares and the figures stated on it, so that none forgets to ask who may.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from auth import members
from auth.actor import Actor
from auth.errors import Forbidden
from auth.guards import anonymous
from auth.roles import Matter, Role
from eligibility import Facts
from marketplace.portal import amounts, checks
from marketplace.portal.amounts import Whose
from marketplace.profiles import service as profiles
from marketplace.profiles.errors import EnterpriseNotFound
from marketplace.profiles.tables import Enterprise
from policies import advising, keeper, stating
from policies.advising import Advice
from policies.matching import Stated
from policies.pack import Pack

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of whom. whose: None for a visitor who has answered nothing yet."""

    facts: Facts
    pack: Pack
    whose: Whose | None = None
    enterprise: Enterprise | None = None
    stated: Stated = field(default_factory=dict)

    def advice(self, day: date) -> Advice:
        """The result on `day`."""
        return advising.advise(self.pack, self.facts, day, self.stated)

    def address(self, path: str = "", **query: str) -> str:
        """An address below the result's, for the same subject."""
        about = {"enterprise": str(self.enterprise.id)} if self.enterprise else {}
        asked = "&".join(f"{name}={value}" for name, value in {**about, **query}.items())
        return f"/check/result{path}" + (f"?{asked}" if asked else "")

    @property
    def questions(self) -> str:
        """Where a fact is asked for."""
        if self.enterprise is not None:
            return f"/account/enterprises/{self.enterprise.id}/facts/{{group}}#{{fact}}"
        return "/check/q/{fact}"


async def subject_of(
    request: AnyRequest, session: AsyncSession, actor: Actor | None, enterprise: UUID | None
) -> Subject:
    """Raises Forbidden where somebody asks for an enterprise who is no owner, EnterpriseNotFound for one not his."""
    pack = await keeper.load_pack(session)
    if enterprise is None:
        check = await checks.find(session, request.cookies.get(checks.COOKIE))
        if check is None:
            return Subject(Facts(), pack)
        found = Subject(checks.facts_of(check), pack, Whose(check_id=check.id))
    else:
        if actor is None:
            raise anonymous(request)
        if actor.role is not Role.OWNER:
            raise Forbidden
        about = await profiles.enterprise_of(session, actor, enterprise)
        await members.require(session, actor, enterprise, Matter.CHECK)
        facts = await profiles.facts_of(session, enterprise)
        found = Subject(facts, pack, Whose(enterprise_id=about.id), about)
    return with_stated(found, await _stated(session, found))


async def _stated(session: AsyncSession, subject: Subject) -> Mapping[str, Mapping[str, Any]]:
    return {} if subject.whose is None else await amounts.stated(session, subject.whose)


def with_stated(subject: Subject, kept: Mapping[str, Mapping[str, Any]]) -> Subject:
    """The same with the figures that still fit."""
    return replace(subject, stated=stating.fitting(subject.pack, kept))


async def subject_of_form(
    request: AnyRequest, session: AsyncSession, actor: Actor | None, form: Mapping[str, str]
) -> Subject:
    """The same for a posted form, whose hidden field names the enterprise."""
    return await subject_of(request, session, actor, enterprise_named(form.get("enterprise", "")))


def enterprise_named(text: str) -> UUID | None:
    """An enterprise's id as a form has it. Raises EnterpriseNotFound for what is no id."""
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise EnterpriseNotFound from error


async def begun(session: AsyncSession, now: datetime) -> tuple[str, Whose]:
    """A check for a visitor who has none yet: the token of its cookie, and whose it is."""
    token = await checks.save(session, None, {}, (), now)
    check = await checks.find(session, token)
    if token is None or check is None:
        raise RuntimeError("a new check was not kept")
    return token, Whose(check_id=check.id)
