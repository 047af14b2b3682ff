"""E-mail by a real SMTP server: who gets one, how often at most, what stands in it, and how it is stopped."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from eligibility import Facts
from marketplace.jobs.worker import Worker
from marketplace.notifications import preferences
from marketplace.notifications.errors import TooManyConfirmations
from marketplace.notifications.keys import NotificationKeys
from marketplace.notifications.mails import NOBODY, is_quiet
from marketplace.notifications.preferences import CONFIRM, UNSUBSCRIBE, Wish
from marketplace.notifications.tables import Mail, NotificationConsent
from marketplace.settings import Settings, SettingsError, Smtp
from marketplace.web.format import HERE
from tests.factories.people import person
from tests.factories.publishing import published, seeded
from tests.factories.stored import store

ADDRESS = "boss@example.com"
NOON = datetime(2026, 3, 3, 12, tzinfo=HERE)


@dataclass
class Postman:
    """The far end: keeps what it takes; `says` is its answer to a message."""

    took: list[EmailMessage] = field(default_factory=list)
    says: str = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.says.startswith("250"):
            self.took.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.says


@pytest.fixture
async def postman() -> AsyncIterator[tuple[Postman, Smtp]]:
    found = Postman()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(found, loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield found, Smtp("127.0.0.1", port, "tell@example.com", bare=True)
    server.close()


@dataclass
class House:
    """A service with a mail server and an owner of five enterprises; `at` sets its clock."""

    session: AsyncSession
    settings: Settings
    postman: Postman
    owner: Actor
    moment: datetime

    @property
    def keys(self) -> NotificationKeys:
        return NotificationKeys.load_or_create(self.settings.keys)

    async def wish(self, mode: str = "immediately", **changes: Any) -> None:
        wish = Wish(ADDRESS, mode, (), True, "zh-CN", "我同意")
        await preferences.save(
            self.session, self.owner, replace(wish, **changes), mail_on=True, now=self.moment
        )
        await self.session.commit()

    async def confirmed(self, mode: str = "immediately", **changes: Any) -> None:
        await self.wish(mode, **changes)
        token = self.keys.link(CONFIRM, self.owner.user_id, ADDRESS)
        await preferences.confirm(self.session, self.keys, token, self.moment)
        await self.session.execute(text("DELETE FROM mails"))
        await self.session.commit()

    async def publish(self, rule: str) -> UUID:
        return (await published(self.session, self.moment, rule)).id

    async def push(self, rule: str = "employees_end <= 10") -> None:
        push_id = await self.publish(rule)
        worker = Worker(self.settings, lambda: self.moment)
        await worker.begin_pushes()
        await worker.push(push_id)
        await worker.mailer.work()
        await worker.engine.dispose()

    async def work(self) -> None:
        worker = Worker(self.settings, lambda: self.moment)
        await worker.mailer.work()
        await worker.engine.dispose()

    async def mails(self) -> list[Mail]:
        found = await self.session.scalars(
            select(Mail).order_by(Mail.created_at).execution_options(populate_existing=True)  # type: ignore[arg-type]
        )
        return list(found)


@pytest.fixture
async def house(session: AsyncSession, settings: Settings, postman: tuple[Postman, Smtp]) -> House:
    far, smtp = postman
    await seeded(session, NOON)
    owner = await person(session, NOON)
    await store(session, [Facts({"employees_end": n}) for n in (3, 6, 10, 11, 15)], owner.user_id)
    await session.commit()
    return House(session, replace(settings, smtp=smtp), far, owner, NOON)


class TestSending:
    """One e-mail a person, by day."""

    async def test_tells_a_push_once_with_its_reason_and_a_way_out(self, house: House) -> None:
        await house.confirmed()
        await house.push()
        (mail,) = house.postman.took
        body = mail.get_content()
        assert mail["To"] == ADDRESS
        assert mail["Subject"].startswith("新符合：")
        assert "从业人员" in body
        assert "/inbox/" in body
        assert "/unsubscribe/" in body
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "/api/v1/notifications/unsubscribe/" in mail["List-Unsubscribe"]
        (row,) = await house.mails()
        assert row.state == "sent"
        assert mail["Message-ID"].startswith(f"<{row.id}@")
        await house.work()
        assert len(house.postman.took) == 1

    async def test_of_two_enterprises_in_one_push_tells_the_person_once(self, house: House) -> None:
        await house.confirmed()
        await house.push()
        assert len(house.postman.took) == 1  # the inbox has two: of 6 and of 10 staff

    async def test_says_nothing_of_the_owners_figures(self, house: House) -> None:
        await house.confirmed()
        await house.push("employees_end <= 7777")
        told = house.postman.took[0].get_content()
        assert "你填的" not in told
        assert "企业资料里" not in told

    async def test_goes_nowhere_before_the_address_is_confirmed(self, house: House) -> None:
        await house.wish()
        await house.push()
        (mail,) = house.postman.took
        assert "/inbox/email/" in mail.get_content()
        assert "List-Unsubscribe" not in mail

    async def test_asks_few_addresses_a_day_and_a_stranger_fewer_times(self, house: House) -> None:
        for _ in range(preferences.MOST_TO_ONE):
            await house.wish(email="one@example.com")
            await house.work()
        with pytest.raises(TooManyConfirmations):
            await house.wish(email="one@example.com")
        await house.session.rollback()
        for number in range(preferences.MOST_ASKED - preferences.MOST_TO_ONE):
            await house.wish(email=f"other{number}@example.com")
            await house.work()
        with pytest.raises(TooManyConfirmations):
            await house.wish(email="last@example.com")

    @pytest.mark.parametrize("when", ["before the push", "before the e-mail", "before the server is there"])
    async def test_tells_nothing_to_an_agent_whose_time_is_over(self, house: House, when: str) -> None:
        await house.confirmed()
        over = text("UPDATE memberships SET role = 'agent', matters = '[\"check\"]', until = :until")
        ends = house.moment if when == "before the push" else house.moment + timedelta(minutes=1)
        await house.session.execute(over, {"until": ends})
        await house.session.commit()
        smtp = house.settings.smtp
        if when == "before the e-mail":
            house.settings = replace(house.settings, smtp=None)
        elif when == "before the server is there":
            house.settings = replace(house.settings, smtp=replace(smtp, port=1))
        await house.push()
        house.moment += timedelta(minutes=2)
        house.settings = replace(house.settings, smtp=smtp)
        await house.work()
        assert house.postman.took == []
        assert [(mail.state, mail.answer) for mail in await house.mails()] == (
            [("failed", NOBODY)] if when == "before the server is there" else []
        )

    async def test_leaves_out_muted_categories(self, house: House) -> None:
        await house.confirmed(
            muted=("fee_reduction", "tax_reduction", "resumption", "financial_support", "comprehensive")
        )
        await house.push()
        assert house.postman.took == []

    async def test_waits_for_the_morning_and_is_then_one(self, house: House) -> None:
        await house.confirmed()
        house.moment = NOON.replace(hour=22)
        await house.push("employees_end <= 10")
        await house.push("employees_end <= 12")
        assert house.postman.took == []
        house.moment = NOON + timedelta(hours=20, minutes=5)
        await house.work()
        (mail,) = house.postman.took
        assert mail["Subject"] == "2 条政策消息"

    async def test_daily_is_one_digest_a_day(self, house: House) -> None:
        await house.confirmed("daily")
        house.moment = NOON.replace(hour=8, minute=30)
        await house.push("employees_end <= 10")
        assert house.postman.took == []
        house.moment = NOON
        await house.push("employees_end <= 12")
        await house.push("employees_end <= 20")
        assert [mail["Subject"] for mail in house.postman.took] == ["2 条政策消息"]
        house.moment = NOON + timedelta(days=1)
        await house.work()
        assert len(house.postman.took) == 2


class TestFailing:
    """At most once, whatever the server does."""

    async def test_is_offered_again_when_the_server_says_not_now(self, house: House) -> None:
        await house.confirmed()
        house.postman.says = "451 try later"
        await house.push()
        (row,) = await house.mails()
        assert (row.state, row.attempts) == ("planned", 1)
        house.postman.says = "250 OK"
        await house.work()
        assert house.postman.took == []  # not yet
        house.moment += timedelta(minutes=2)
        await house.work()
        assert len(house.postman.took) == 1

    async def test_is_given_up_when_the_server_says_never(self, house: House) -> None:
        await house.confirmed()
        house.postman.says = "554 no"
        await house.push()
        (row,) = await house.mails()
        assert row.state == "failed"
        assert row.answer is not None
        assert row.answer.startswith("554")

    async def test_is_not_sent_again_when_the_worker_died_handing_it_over(self, house: House) -> None:
        await house.confirmed()
        house.postman.says = "451 try later"
        await house.push()
        await house.session.execute(
            text("UPDATE mails SET state = 'sending', claimed_at = now() - interval '6 minutes'")
        )
        await house.session.commit()
        house.postman.says = "250 OK"
        house.moment += timedelta(hours=1)
        await house.work()
        (row,) = await house.mails()
        assert row.state == "unsure"
        assert house.postman.took == []

    async def test_two_workers_at_once_send_each_once(self, house: House) -> None:
        await house.confirmed()
        house.postman.says = "451 try later"
        await house.push()
        house.postman.says = "250 OK"
        house.moment += timedelta(minutes=2)
        await asyncio.gather(*(house.work() for _ in range(4)))
        assert len(house.postman.took) == 1

    async def test_a_server_that_is_not_there_leaves_everything_for_later(self, house: House) -> None:
        await house.confirmed()
        there, house.settings = (
            house.settings,
            replace(house.settings, smtp=Smtp("127.0.0.1", 1, "tell@example.com", bare=True)),
        )
        await house.push()
        assert [row.state for row in await house.mails()] == ["planned"]
        house.settings = there
        await house.work()
        assert len(house.postman.took) == 1


class TestStopping:
    """Unsubscribing, with a link and nothing else."""

    async def test_ends_consent_and_what_waits(self, house: House) -> None:
        await house.confirmed()
        house.moment = NOON.replace(hour=23)
        await house.push()
        token = house.keys.link(UNSUBSCRIBE, house.owner.user_id)
        for _ in range(2):
            await preferences.unsubscribe(house.session, house.keys, token, house.moment)
        await house.session.commit()
        house.moment = NOON + timedelta(days=1)
        await house.work()
        assert house.postman.took == []
        consents = (await house.session.scalars(select(NotificationConsent))).all()
        assert [consent.revoked_at is not None for consent in consents] == [True]

    @pytest.mark.parametrize("token", ["", "x", "A" * 43, "====", "é" * 20])
    async def test_takes_no_link_that_is_not_ours(self, house: House, token: str) -> None:
        with pytest.raises(preferences.LinkRefused):
            await preferences.unsubscribe(house.session, house.keys, token, house.moment)

    async def test_takes_no_link_made_for_something_else(self, house: House) -> None:
        await house.wish()
        for purpose, address in ((UNSUBSCRIBE, ""), (CONFIRM, "other@example.com")):
            token = house.keys.link(purpose, house.owner.user_id, address)
            with pytest.raises(preferences.LinkRefused):
                await preferences.confirm(house.session, house.keys, token, house.moment)


@pytest.mark.parametrize(("hour", "quiet"), [(7, True), (8, False), (20, False), (21, True), (0, True)])
def test_night_is_from_nine_to_eight(hour: int, quiet: bool) -> None:
    assert is_quiet(NOON.replace(hour=hour)) is quiet


class TestSettings:
    """The server's address, as an operator sets it."""

    def test_insists_on_encryption_except_on_this_machine(self) -> None:
        sender = {"MARKETPLACE_MAIL_FROM": "a@b.cn"}
        far = Settings.from_env({**sender, "MARKETPLACE_SMTP_URL": "smtp://u:p%40@mail.example.com"}).smtp
        near = Settings.from_env({**sender, "MARKETPLACE_SMTP_URL": "smtp://127.0.0.1:2525"}).smtp
        tls = Settings.from_env({**sender, "MARKETPLACE_SMTP_URL": "smtps://mail.example.com"}).smtp
        assert far == Smtp("mail.example.com", 587, "a@b.cn", username="u", password="p@")
        assert near == Smtp("127.0.0.1", 2525, "a@b.cn", bare=True)
        assert tls == Smtp("mail.example.com", 465, "a@b.cn", implicit=True)

    @pytest.mark.parametrize(
        "url", ["mail.example.com", "http://x", "smtp://", "smtp://h:99999", "smtp://h/x"]
    )
    def test_refuses_what_is_no_server(self, url: str) -> None:
        with pytest.raises(SettingsError, match="MARKETPLACE_SMTP_URL"):
            Settings.from_env({"MARKETPLACE_SMTP_URL": url, "MARKETPLACE_MAIL_FROM": "a@b.cn"})

    def test_refuses_a_server_without_a_sender(self) -> None:
        with pytest.raises(SettingsError, match="MARKETPLACE_MAIL_FROM"):
            Settings.from_env({"MARKETPLACE_SMTP_URL": "smtp://127.0.0.1"})
