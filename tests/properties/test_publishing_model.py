"""Whatever admins do in whatever order: what is or was in force was read, as it stands, by another person.

On PostgreSQL through the real services. The story keeps its own log of who worked and who approved which hash, by
persons, and never asks the code under test; one of the persons has two accounts.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from policies import keeper, queries, scheduling, service, withdrawing
from policies.errors import PoliciesError
from policies.schemas import PolicyDraft, Rejection
from policies.tables import PolicyVersion
from tests.factories.examples import examples
from tests.factories.people import person
from tests.factories.publishing import RENT, made_ready, seeded

ACCOUNTS = ("lin", "lin's other", "ma", "tang")
RULES = ("employees_end <= 7", "employees_end <= 9")
WHY = Rejection(reason="x")
VERBS = (
    "edit", "edit otherwise", "submit", "take_back", "publish", "publish unread", "schedule", "call_off", "wait",
    "reject", "ask", "confirm", "refuse", "restore",
)  # fmt: skip
STORY = st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from(ACCOUNTS)), min_size=5, max_size=16)
IN_FORCE = ("published", "superseded", "withdrawn")
CLEAN = text("TRUNCATE policies CASCADE")


@dataclass
class Log:
    """What people did, by version. approved: (person, content)."""

    worked: dict[int, set[str]] = field(default_factory=dict)
    approved: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    asked: dict[int, set[str]] = field(default_factory=dict)
    confirmed: dict[int, set[str]] = field(default_factory=dict)


class Story:
    """The deeds on the real service."""

    def __init__(self, session: AsyncSession, people: dict[str, Actor], now: datetime) -> None:
        self.session, self.people, self.now, self.log = session, people, now, Log()
        self.read: dict[int, str] = {}

    async def do(self, verb: str, account: str) -> None:
        """One deed; what is refused changes nothing and is not logged."""
        self.now += timedelta(minutes=1)
        row = await queries.to_edit(self.session, RENT)
        assert row is not None
        self.read.setdefault(row.version, row.content_sha256)
        name = account.partition("'")[0]
        try:
            await self.deed(verb, name, self.people[account], row)
            await self.session.commit()
        except PoliciesError:
            await self.session.rollback()
        self.session.expire_all()

    async def deed(self, verb: str, name: str, who: Actor, row: PolicyVersion) -> None:
        about, now, log = (self.session, who, RENT, row.version), self.now, self.log
        content = row.content_sha256
        match verb:
            case "edit" | "edit otherwise":
                fields = {one: getattr(row, one) for one in PolicyDraft.model_fields}
                draft = PolicyDraft(**{**fields, "rule": RULES[verb != "edit"]})
                made = await service.save_draft(*about[:3], draft, seen_sha256=content, now=now)
                log.worked.setdefault(made.version, set()).add(name)
            case "submit":
                if row.status == "draft":
                    await made_ready(self.session, who, row, now)
                await service.submit(*about, seen_sha256=content, now=now)
                log.worked.setdefault(row.version, set()).add(name)
            case "publish" | "publish unread":
                seen = content if verb == "publish" else self.read[row.version]
                await service.publish(*about, seen_sha256=seen, now=now)
                log.approved.setdefault(row.version, set()).add((name, seen))
            case "schedule":
                later = now + timedelta(hours=1)
                await scheduling.schedule(*about, seen_sha256=content, effect_at=later, now=now)
                log.approved.setdefault(row.version, set()).add((name, content))
            case "call_off":
                await scheduling.call_off(*about, WHY, now=now)
                log.approved.pop(row.version, None)
            case "restore":
                versions = await queries.history(self.session, RENT)
                made = await service.restore(*about[:3], versions[-1].version, now=now)
                log.worked.setdefault(made.version, set()).add(name)
            case _:
                await self.other(verb, name, who, row)

    async def other(self, verb: str, name: str, who: Actor, row: PolicyVersion) -> None:
        """What concerns the version in force, and what needs no log of its own."""
        current = await queries.current(self.session, RENT)
        number = current.version if current else 0
        about, now = (self.session, who, RENT, number), self.now
        match verb:
            case "ask":
                await withdrawing.ask(*about, WHY, now=now)
                self.log.asked.setdefault(number, set()).add(name)
            case "confirm":
                await withdrawing.confirm(*about, now=now)
                self.log.confirmed.setdefault(number, set()).add(name)
            case "refuse":
                await withdrawing.refuse(*about, now=now)
                self.log.asked.pop(number, None)
            case "wait":
                self.now += timedelta(hours=2)
                for policy_id, due in await scheduling.due(self.session, self.now):
                    await scheduling.take_effect(self.session, policy_id, due, self.now)
            case "take_back":
                await service.take_back(self.session, who, RENT, row.version, now=now)
            case "reject":
                await service.reject(self.session, who, RENT, row.version, WHY, now=now)

    async def holds(self) -> None:
        """The promises, by the rows and by what the next answer would come from."""
        rows = await queries.history(self.session, RENT)
        for row in rows:
            if row.status in IN_FORCE and row.version > 1:
                readers = {who for who, seen in self.log.approved[row.version] if seen == row.content_sha256}
                assert readers - self.log.worked[row.version], f"v{row.version} was read by nobody else"
            if row.status == "withdrawn":
                assert self.log.confirmed[row.version].isdisjoint(self.log.asked[row.version])
        assert sum(row.status == "published" for row in rows) <= 1
        assert sum(row.status in ("draft", "submitted", "scheduled") for row in rows) <= 1
        last = next(row for row in rows if row.status in IN_FORCE)
        record = (await keeper.load_pack(self.session)).by_id.get(RENT)
        assert (record.rule.text if record else None) == (last.rule if last.status == "published" else None)


@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=STORY)
@example(story=[("edit", "lin"), ("submit", "lin"), ("publish", "lin's other"), ("publish", "ma")])
@example(
    story=[
        ("edit", "lin"),
        ("submit", "lin"),
        ("schedule", "ma"),
        ("edit otherwise", "lin"),
        ("wait", "tang"),
        ("ask", "lin"),
        ("confirm", "lin's other"),
        ("confirm", "ma"),
        ("restore", "lin"),
        ("submit", "lin"),
        ("publish", "tang"),
    ]
)
@example(
    story=[
        ("edit", "lin"),
        ("submit", "lin"),
        ("take_back", "ma"),
        ("edit otherwise", "lin"),
        ("submit", "lin"),
        ("publish unread", "tang"),
        ("publish", "ma"),
        ("restore", "ma"),
        ("submit", "ma"),
        ("reject", "lin"),
    ]
)
async def test_no_order_of_deeds_puts_an_unread_text_in_force(
    session: AsyncSession, now: datetime, story: list[tuple[str, str]]
) -> None:
    await session.rollback()
    await session.execute(CLEAN)
    await seeded(session, now)
    keys = {"lin": "P-1", "lin's other": "P-1", "ma": "P-2", "tang": "P-3"}
    people = {
        name: await person(session, now, Role.POLICY_ADMIN, person_key=key) for name, key in keys.items()
    }
    course = Story(session, people, now)
    for verb, account in story:
        await course.do(verb, account)
        await course.holds()
