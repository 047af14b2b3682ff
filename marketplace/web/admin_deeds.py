"""What the buttons of a version's page do: one deed each, by the name the button sends.

Every deed asks a service, which judges whether this person may; here a form becomes its arguments and nothing more.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Any

from litestar import Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.schemas import Input, PlainText
from eligibility import Facts
from marketplace.inputs import FieldFault, InvalidInput
from marketplace.jobs import queue
from marketplace.profiles import queries as profile_queries
from marketplace.profiles import service as profiles
from marketplace.web.format import HERE
from marketplace.web.refusals import validated
from policies import comments, findings, scheduling, service, versions, withdrawing
from policies.errors import PolicyNotFound
from policies.schemas import FindingReply, PolicyDay, Rejection, Remark

AnyRequest = Request[Any, Any, Any]
TRIED_ON = 50
ANSWER = "answer-"
"""A field with the answer to a finding: this and the finding's fingerprint."""


class Purpose(Input):
    """What a version is for, as its writer hands it in."""

    why: Annotated[PlainText, Field(max_length=2000)]


class Effect(Input):
    """When a version is to take effect, in the province's time."""

    effect_day: PolicyDay
    effect_time: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]

    @property
    def moment(self) -> datetime:
        return datetime.combine(self.effect_day, time.fromisoformat(self.effect_time), HERE)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a version's page, with the form around it."""

    session: AsyncSession
    actor: Actor
    policy_id: str
    number: int
    form: Mapping[str, str]
    now: datetime

    @property
    def page(self) -> str:
        """The version's own page."""
        return f"/admin/policies/{self.policy_id}/versions/{self.number}"

    @property
    def about(self) -> tuple[AsyncSession, Actor, str, int]:
        """What every deed is about."""
        return self.session, self.actor, self.policy_id, self.number

    @property
    def seen(self) -> str:
        """The content that was read."""
        return self.form.get("seen_sha256", "")

    @property
    def reason(self) -> Rejection:
        """Why, which has to be said. Raises InvalidInput."""
        return validated(Rejection, {"reason": self.form.get("reason", "")})


async def press(pressed: Pressed) -> str:
    """Do it; the address to go on at. Raises whatever the deed refuses, PolicyNotFound for a button there is not."""
    deed = DEEDS.get(pressed.form.get("action", ""))
    if deed is None:
        raise PolicyNotFound
    return await deed(pressed) or pressed.page


async def submit(of: Pressed) -> None:
    why = validated(Purpose, {"why": of.form.get("why", "").strip()}).why
    known = await tried_on(of.session)
    await service.submit(*of.about, seen_sha256=of.seen, tried_on=known, why=why or None, now=of.now)


async def take_back(of: Pressed) -> None:
    await service.take_back(*of.about, now=of.now)


async def publish(of: Pressed) -> str:
    known = await tried_on(of.session)
    await service.publish(*of.about, seen_sha256=of.seen, tried_on=known, now=of.now)
    return f"{of.page}#pushes"


async def schedule(of: Pressed) -> None:
    wanted = {name: of.form.get(name, "").strip() for name in Effect.model_fields}
    moment = validated(Effect, dict(wanted)).moment
    known = await tried_on(of.session)
    await scheduling.schedule(*of.about, seen_sha256=of.seen, effect_at=moment, tried_on=known, now=of.now)
    await queue.enqueue(of.session, queue.EFFECT, after=moment - of.now)


async def reject(of: Pressed) -> None:
    await service.reject(*of.about, of.reason, now=of.now)


async def call_off(of: Pressed) -> None:
    await scheduling.call_off(*of.about, of.reason, now=of.now)


async def ask_withdrawal(of: Pressed) -> None:
    await withdrawing.ask(*of.about, of.reason, now=of.now)


async def confirm_withdrawal(of: Pressed) -> str:
    await withdrawing.confirm(*of.about, now=of.now)
    return f"{of.page}#pushes"


async def refuse_withdrawal(of: Pressed) -> None:
    await withdrawing.refuse(*of.about, now=of.now)


async def restore(of: Pressed) -> str:
    made = await service.restore(*of.about, now=of.now)
    return f"/admin/policies/{of.policy_id}/versions/{made.version}"


async def comment(of: Pressed) -> str:
    said = validated(Remark, {"words": of.form.get("words", "")})
    row = await versions.find(of.session, of.policy_id, of.number)
    await comments.say(of.session, of.actor, row, said.words, of.now)
    return f"{of.page}#comments"


async def answer(of: Pressed) -> str:
    """Every answer that was typed and is not the standing one."""
    row = await versions.find(of.session, of.policy_id, of.number)
    analysis = await findings.made(of.session, row, of.now)
    standing = await findings.answers(of.session, row, analysis)
    typed = {
        name.removeprefix(ANSWER): words.strip()
        for name, words in of.form.items()
        if name.startswith(ANSWER) and words.strip()
    }
    replies = {
        fingerprint: _reply(fingerprint, words)
        for fingerprint, words in typed.items()
        if fingerprint not in standing or standing[fingerprint].answer != words.replace("\r\n", "\n")
    }
    if replies:
        await findings.answer(*of.about, replies, now=of.now)
    return f"{of.page}#findings"


def _reply(fingerprint: str, words: str) -> FindingReply:
    """A typed answer; what is wrong with it is told at its own field."""
    try:
        return validated(FindingReply, {"answer": words})
    except InvalidInput as refused:
        faults = (FieldFault(f"{ANSWER}{fingerprint}", one.kind, one.params) for one in refused.faults)
        raise InvalidInput(tuple(faults)) from refused


async def tried_on(session: AsyncSession) -> list[Facts]:
    """The facts a rule must stand before it comes into force: the oldest enterprises', the demo ones where there are.
    Nobody is shown them.
    """
    found = await profile_queries.some_enterprises(session, TRIED_ON)
    return [await profiles.facts_of(session, enterprise.id) for enterprise in found]


Deed = Callable[[Pressed], Awaitable[str | None]]
DEEDS: Mapping[str, Deed] = {
    deed.__name__: deed
    for deed in (
        submit, take_back, publish, schedule, reject, call_off, ask_withdrawal, confirm_withdrawal, refuse_withdrawal,
        restore, comment, answer,
    )
}  # fmt: skip
