"""Several persons for one enterprise: what each may do, codes used once, an owner always left."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth import consent, members
from auth.actor import Actor
from auth.errors import MatterNotCovered
from auth.roles import Matter
from loans import queries
from marketplace.notifications import webhooks
from marketplace.portal import shares
from marketplace.portal.amounts import Whose
from marketplace.portal.errors import ShareEnded
from marketplace.profiles import people, service
from marketplace.profiles.errors import (
    EnterpriseNotFound,
    InvitationNotFound,
    InvitationRefused,
    LastOwner,
    MemberAlready,
    MemberNotFound,
)
from marketplace.profiles.people import Offer
from tests.factories import lending
from tests.factories.people import person, sign_in


@dataclass
class Scene:
    """An enterprise of one owner."""

    session: AsyncSession
    owner: Actor
    id: UUID
    now: datetime

    async def joined(self, part: str = "editor", *matters: str, days: int = 30) -> Actor:
        """Somebody who has taken up an invitation."""
        who = await person(self.session, self.now)
        last = (self.now.astimezone(people.HERE) + timedelta(days=days)).date() if part == "agent" else None
        code = await people.invite(
            self.session, self.owner, self.id, Offer("小李", part, matters, last), self.now
        )
        await people.accept(self.session, who, code, self.now)
        await self.session.commit()
        return who

    async def save(self, who: Actor) -> None:
        await service.save_facts(
            self.session, who, self.id, {"employees_end": 21}, source="declared", now=self.now
        )

    async def apply(self, who: Actor) -> None:
        await lending.need(self.session, who, self.id, self.now)

    async def may(self, who: Actor) -> set[str]:
        """Which matters go through the services for him."""
        found = set()
        for name, deed in (("facts", self.save), ("apply", self.apply)):
            try:
                await deed(who)
                found.add(name)
            except MatterNotCovered:
                continue
        try:
            await members.require(self.session, who, self.id, Matter.CHECK)
            found.add("check")
        except MatterNotCovered:
            pass
        return found


@pytest.fixture
async def scene(session: AsyncSession, now: datetime) -> Scene:
    owner = await person(session, now)
    return Scene(session, owner, await lending.enterprise(session, owner, now), now)


class TestParts:
    """What each may do."""

    @pytest.mark.parametrize(
        ("part", "matters", "may"),
        [
            ("owner", (), {"facts", "check", "apply"}),
            ("applicant", (), {"facts", "check", "apply"}),
            ("editor", (), {"facts", "check"}),
            ("reader", (), {"check"}),
            ("agent", ("facts",), {"facts"}),
            ("agent", ("apply", "check"), {"apply", "check"}),
        ],
    )
    async def test_say_what_goes_through(
        self, scene: Scene, part: str, matters: tuple[str, ...], may: set[str]
    ) -> None:
        who = await scene.joined(part, *matters)
        assert [each.id for each in await service.my_enterprises(scene.session, who)] == [scene.id]
        assert await scene.may(who) == may

    async def test_only_owners_invite_change_and_remove(self, scene: Scene) -> None:
        reader = await scene.joined("reader")
        for part in ("applicant", "editor", "reader"):
            who = await scene.joined(part)
            with pytest.raises(MatterNotCovered):
                await people.invite(scene.session, who, scene.id, Offer("x", "owner"), scene.now)
            with pytest.raises(MatterNotCovered):
                await people.remove(scene.session, who, scene.id, reader.user_id, scene.now)
            with pytest.raises(MatterNotCovered):
                await people.change(scene.session, who, scene.id, who.user_id, "owner", scene.now)

    async def test_a_reader_takes_no_consent_back(self, scene: Scene) -> None:
        given = await consent.give(
            scene.session, scene.owner, enterprise_id=scene.id, bank_id="ccb", purpose="p",
            data_categories=["enterprise_facts"], wording="w", language="en", now=scene.now,
        )  # fmt: skip
        with pytest.raises(MatterNotCovered):
            await consent.revoke(scene.session, await scene.joined("reader"), given.id, now=scene.now)

    async def test_what_an_agent_does_is_recorded_as_an_agents(self, scene: Scene) -> None:
        agent = await scene.joined("agent", "facts")
        await scene.save(agent)
        await scene.save(scene.owner)
        await scene.session.commit()
        log = text(
            "SELECT actor_id, acting_as FROM audit_log WHERE action = 'profiles.save_facts' AND tenant = :t"
            " ORDER BY id DESC LIMIT 2"
        )
        rows = (await scene.session.execute(log, {"t": str(scene.id)})).all()
        assert [tuple(row) for row in rows] == [
            (scene.owner.user_id, "owner"), (agent.user_id, "agent"),
        ]  # fmt: skip


class TestInvitations:
    """Codes."""

    async def test_are_taken_up_once(self, scene: Scene) -> None:
        code = await people.invite(scene.session, scene.owner, scene.id, Offer("x", "reader"), scene.now)
        first, second = await person(scene.session, scene.now), await person(scene.session, scene.now)
        assert (
            await people.accept(scene.session, first, code.lower().replace("-", " "), scene.now) == scene.id
        )
        with pytest.raises(InvitationNotFound):
            await people.accept(scene.session, second, code, scene.now)

    async def test_end_when_withdrawn_or_after_a_week(self, scene: Scene) -> None:
        who = await person(scene.session, scene.now)
        code = await people.invite(scene.session, scene.owner, scene.id, Offer("x", "reader"), scene.now)
        with pytest.raises(InvitationNotFound):
            await people.accept(scene.session, who, code, scene.now + timedelta(days=7, seconds=1))
        (open_one,) = await people.invitations(scene.session, scene.id, scene.now)
        await people.withdraw(scene.session, scene.owner, scene.id, open_one.id, scene.now)
        for wrong in (code, "", "x" * 80, "0000-0000-0000-0000"):
            with pytest.raises(InvitationNotFound):
                await people.accept(scene.session, who, wrong, scene.now)

    async def test_do_not_change_who_acts_already(self, scene: Scene) -> None:
        code = await people.invite(scene.session, scene.owner, scene.id, Offer("x", "reader"), scene.now)
        with pytest.raises(MemberAlready):
            await people.accept(scene.session, scene.owner, code, scene.now)

    @pytest.mark.parametrize(
        ("offer", "field"),
        [
            (Offer("", "reader"), "invited"),
            (Offer("x" * 101, "reader"), "invited"),
            (Offer("x", "king"), "part"),
            (Offer("x", "agent", (), date(2199, 1, 1)), "matters"),
            (Offer("x", "agent", ("everything",)), "matters"),
            (Offer("x", "agent", ("facts",)), "last"),
            (Offer("x", "agent", ("facts",), date(2199, 1, 1)), "last"),
            (Offer("x", "agent", ("facts",), date(2001, 1, 1)), "last"),
        ],
    )
    async def test_that_cannot_be_are_refused(self, scene: Scene, offer: Offer, field: str) -> None:
        with pytest.raises(InvitationRefused) as refused:
            await people.invite(scene.session, scene.owner, scene.id, offer, scene.now)
        assert refused.value.field == field

    async def test_are_the_owners_of_this_enterprise_alone(self, scene: Scene) -> None:
        stranger = await person(scene.session, scene.now)
        with pytest.raises(EnterpriseNotFound):
            await people.invite(scene.session, stranger, scene.id, Offer("x", "reader"), scene.now)


class TestLeaving:
    """Removal and the last owner."""

    async def test_the_last_owner_neither_leaves_nor_steps_down(self, scene: Scene) -> None:
        with pytest.raises(LastOwner):
            await people.remove(scene.session, scene.owner, scene.id, scene.owner.user_id, scene.now)
        with pytest.raises(LastOwner):
            await people.change(
                scene.session, scene.owner, scene.id, scene.owner.user_id, "reader", scene.now
            )
        other = await scene.joined("owner")
        await people.remove(scene.session, scene.owner, scene.id, scene.owner.user_id, scene.now)
        with pytest.raises(LastOwner):
            await people.remove(scene.session, other, scene.id, other.user_id, scene.now)

    async def test_a_changed_part_holds_at_once(self, scene: Scene) -> None:
        who = await scene.joined("reader")
        await people.change(scene.session, scene.owner, scene.id, who.user_id, "applicant", scene.now)
        assert await scene.may(who) == {"facts", "check", "apply"}
        await people.change(scene.session, scene.owner, scene.id, who.user_id, "reader", scene.now)
        assert await scene.may(who) == {"check"}

    async def test_whoever_is_removed_finds_nothing_any_more(self, scene: Scene) -> None:
        who = await scene.joined("applicant")
        request = await lending.need(scene.session, who, scene.id, scene.now)
        await people.remove(scene.session, scene.owner, scene.id, who.user_id, scene.now)
        with pytest.raises(EnterpriseNotFound):
            await scene.save(who)
        assert request.id not in {row.id for row in await queries.requests_of(scene.session, who)}
        with pytest.raises(MemberNotFound):
            await people.remove(scene.session, scene.owner, scene.id, who.user_id, scene.now)

    @pytest.mark.parametrize("end", ["removed", "leaves", "steps down"])
    async def test_what_an_owner_made_ends_with_his_part(self, scene: Scene, end: str) -> None:
        who, whose = await scene.joined("owner"), Whose(enterprise_id=scene.id)
        await webhooks.add(scene.session, who, scene.id, "https://example.com/his", scene.now)
        theirs = await webhooks.add(scene.session, scene.owner, scene.id, "https://example.com/", scene.now)
        token = await shares.make(scene.session, whose, {}, who, scene.now)
        kept = await shares.make(scene.session, whose, {}, scene.owner, scene.now)
        if end == "steps down":
            await people.change(scene.session, scene.owner, scene.id, who.user_id, "reader", scene.now)
        else:
            by = scene.owner if end == "removed" else who
            await people.remove(scene.session, by, scene.id, who.user_id, scene.now)
            with pytest.raises(ShareEnded):
                await shares.read(scene.session, token, scene.now)
        left = await webhooks.endpoints_of(scene.session, [scene.id])
        assert [each.id for each in left] == [theirs.id]
        assert await shares.read(scene.session, kept, scene.now)
        rows = text("SELECT count(*) FROM audit_log WHERE detail->>'why' IS NOT NULL")
        assert await scene.session.scalar(rows) == (1 if end == "steps down" else 2)

    async def test_what_an_agent_shared_ends_with_his_time(self, scene: Scene) -> None:
        agent, whose = await scene.joined("agent", "check", days=1), Whose(enterprise_id=scene.id)
        token = await shares.make(scene.session, whose, {}, agent, scene.now)
        assert await shares.read(scene.session, token, scene.now)
        later = scene.now + timedelta(days=3)
        with pytest.raises(ShareEnded):
            await shares.read(scene.session, token, later)
        assert await shares.live(scene.session, whose, later) == []

    async def test_an_authorisation_ends_by_the_clock(
        self, scene: Scene, client: AsyncClient, session: AsyncSession, now: datetime
    ) -> None:
        agent = await scene.joined("agent", "facts", days=0)
        bearer = await sign_in(client, agent)
        path = f"/api/v1/enterprises/{scene.id}/facts"
        assert (await client.get(path, headers=bearer.headers)).status_code == 200
        await session.execute(text("UPDATE memberships SET until = :now WHERE role = 'agent'"), {"now": now})
        await session.commit()
        gone = await client.get(path, headers=bearer.headers)
        assert gone.status_code == 404
        put = await client.put(path, json={"facts": {"employees_end": 2}}, headers=bearer.headers)
        assert put.status_code == 404
        assert (await client.get("/api/v1/enterprises", headers=bearer.headers)).json() == []
        over = text("SELECT acting_as FROM audit_log WHERE action = 'auth.authorisation_over'")
        assert (await session.scalars(over)).all() == ["agent"]
