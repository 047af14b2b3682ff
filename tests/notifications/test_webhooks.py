"""Webhooks to a real receiver: signed, repeated under one id, switched off when dead, never to an inner address."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks import Webhook

from auth.actor import Actor
from auth.errors import MatterNotCovered
from auth.tables import Membership
from eligibility import Facts
from marketplace.jobs.worker import Worker
from marketplace.notifications import webhooks
from marketplace.notifications.door import Door, DoorClosed, is_public
from marketplace.notifications.errors import EndpointNotFound, TooManyEndpoints, UrlRefused
from marketplace.notifications.tables import InboxItem, WebhookDelivery, WebhookEndpoint
from marketplace.notifications.webhooks import checked_url
from marketplace.profiles.errors import EnterpriseNotFound
from marketplace.settings import Settings
from tests.factories.people import person
from tests.factories.publishing import RENT, published, seeded
from tests.factories.stored import store


@dataclass
class Receiver:
    """An HTTP server that keeps what is posted to it. status: what it answers; extra: lines of its head."""

    port: int = 0
    status: int = 200
    extra: str = ""
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        body = (await reader.readexactly(int(headers["content-length"]))).decode()
        self.got.append((headers, body))
        writer.write(
            f"HTTP/1.1 {self.status} X\r\n{self.extra}content-length: 0\r\nconnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    server = await asyncio.start_server(found.handle, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


@dataclass
class House:
    """One enterprise with a webhook, and a service whose clock can be set."""

    session: AsyncSession
    settings: Settings
    owner: Actor
    endpoint: WebhookEndpoint
    moment: datetime
    door: Door

    async def push(self) -> None:
        version = await published(self.session, self.moment)
        worker = Worker(self.settings, lambda: self.moment)
        await worker.begin_pushes()
        await worker.push(version.id)
        await worker.engine.dispose()
        await self.work()

    async def work(self) -> None:
        worker = Worker(self.settings, lambda: self.moment, door=self.door)
        await worker.caller.work()
        await worker.engine.dispose()

    async def delivery(self) -> WebhookDelivery:
        rows = await self.session.scalars(select(WebhookDelivery).execution_options(populate_existing=True))
        return rows.one()

    async def stored(self) -> WebhookEndpoint:
        return await self.session.get_one(WebhookEndpoint, self.endpoint.id, populate_existing=True)


@pytest.fixture
async def house(session: AsyncSession, settings: Settings, receiver: Receiver, now: datetime) -> House:
    await seeded(session, now)
    owner = await person(session, now)
    (one,) = await store(session, [Facts({"employees_end": 8})], owner.user_id)
    endpoint = WebhookEndpoint(
        enterprise_id=UUID(one),
        url=f"http://127.0.0.1:{receiver.port}/hook",
        created_by=owner.user_id,
        created_at=now,
    )
    session.add(endpoint)
    await session.commit()
    return House(session, settings, owner, endpoint, now, Door(inside=True))


class TestDelivery:
    """Standard Webhooks, at least once."""

    async def test_is_signed_and_says_what_newly_applies(self, house: House, receiver: Receiver) -> None:
        await house.push()
        ((headers, body),) = receiver.got
        worker = Worker(house.settings, lambda: house.moment)
        secret = worker.caller.keys.webhook_secret(house.endpoint.id)
        found: Any = Webhook(secret).verify(body, headers)
        assert found["type"] == "inbox.policy"
        assert [one["id"] for one in found["data"]["policies"]] == [RENT]
        assert "employees_end" not in body
        assert (await house.delivery()).state == "delivered"
        await house.work()
        assert len(receiver.got) == 1
        await worker.engine.dispose()

    async def test_is_repeated_later_under_the_same_id(self, house: House, receiver: Receiver) -> None:
        receiver.status = 500
        await house.push()
        await house.work()
        assert len(receiver.got) == 1  # not before its time
        receiver.status = 204
        house.moment += timedelta(seconds=6)
        await house.work()
        ids = [headers["webhook-id"] for headers, _ in receiver.got]
        assert len(ids) == 2
        assert len(set(ids)) == 1
        delivery = await house.delivery()
        assert (delivery.state, delivery.attempts) == ("delivered", 2)
        assert (await house.stored()).failures == 0

    async def test_follows_no_redirect(self, house: House, receiver: Receiver) -> None:
        receiver.status = 302
        receiver.extra = f"location: http://127.0.0.1:{receiver.port}/elsewhere\r\n"
        await house.push()
        assert len(receiver.got) == 1
        assert (await house.delivery()).answer == "302"

    async def test_that_keeps_failing_switches_the_endpoint_off_and_tells_the_owner(
        self, house: House, receiver: Receiver
    ) -> None:
        receiver.status = 500
        await house.session.execute(
            text("UPDATE webhook_endpoints SET failures = :n"), {"n": webhooks.FAILURES - 1}
        )
        await house.session.commit()
        await house.push()
        assert (await house.stored()).disabled_at is not None
        notices = await house.session.scalars(select(InboxItem).where(InboxItem.kind == "notice"))  # type: ignore[arg-type]
        assert [one.facts for one in notices] == [{"url": house.endpoint.url}]
        house.moment += timedelta(days=2)
        await house.work()
        assert len(receiver.got) == 1

    async def test_to_one_that_is_gone_ends_at_once(self, house: House, receiver: Receiver) -> None:
        receiver.status = 410
        await house.push()
        assert (await house.delivery()).state == "failed"
        assert (await house.stored()).disabled_at is not None

    async def test_through_the_real_door_never_reaches_this_machine(
        self, house: House, receiver: Receiver
    ) -> None:
        house.door = Door()
        await house.push()
        assert receiver.got == []
        await house.session.execute(
            text("UPDATE webhook_endpoints SET url = replace(url, 'http://127.0.0.1', 'https://localhost')")
        )
        await house.session.commit()
        house.moment += timedelta(seconds=6)
        await house.work()
        assert receiver.got == []
        answer = (await house.delivery()).answer
        assert answer is not None
        assert answer.startswith("DoorClosed")


class TestDoor:
    """What is public is judged at the address that is connected to."""

    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
            "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
            "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
        ],
    )  # fmt: skip
    def test_no_inner_address_is_public_however_it_is_written(self, address: str) -> None:
        assert not is_public(address)

    @pytest.mark.parametrize(
        "address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
    )
    def test_outer_ones_are(self, address: str) -> None:
        assert is_public(address)

    @pytest.mark.parametrize(
        "host", ["localhost", "127.1", "2130706433", "0x7f.1", "no-such-host.invalid", "::1"]
    )
    async def test_is_closed_to_names_that_lead_inside(self, host: str) -> None:
        with pytest.raises(DoorClosed):
            await Door().connect_tcp(host, 443, timeout=5)

    async def test_is_closed_to_sockets_of_this_machine(self) -> None:
        with pytest.raises(DoorClosed):
            await Door(inside=True).connect_unix_socket("/run/x")


class TestAddresses:
    """What an owner may enter."""

    @pytest.mark.parametrize(
        "url",
        ["", "http://example.com", "https://", "https://u:p@example.com/", "ftp://example.com", "https://a b.com",
         "https://example.com/#x", "https://[::1", "javascript:alert(1)", "https://exämple.com/", "https://127.0.0.1/",
         "https://[::1]/", "https://169.254.169.254/", "https://10.0.0.8/", "https://[::ffff:10.0.0.8]/",
         "https://localhost/", "https://2130706433/", "https://a..b/", "https://*/", "https://%00/", "https://-/"],
    )  # fmt: skip
    def test_only_plain_https_ones(self, url: str) -> None:
        with pytest.raises(UrlRefused):
            checked_url(url)

    async def test_only_for_an_enterprise_of_his_and_only_a_few(self, house: House, now: datetime) -> None:
        stranger = await person(house.session, now)
        mine = house.endpoint.enterprise_id
        with pytest.raises(EnterpriseNotFound):
            await webhooks.add(house.session, stranger, mine, "https://example.com/", now)
        with pytest.raises(EndpointNotFound):
            await webhooks.remove(house.session, stranger, house.endpoint.id, now)
        reader = await person(house.session, now)
        house.session.add(
            Membership(user_id=reader.user_id, enterprise_id=mine, role="applicant", created_at=now)
        )
        await house.session.flush()
        with pytest.raises(MatterNotCovered):
            await webhooks.add(house.session, reader, mine, "https://example.com/", now)
        with pytest.raises(EndpointNotFound):
            await webhooks.remove(house.session, reader, house.endpoint.id, now)
        for _ in range(webhooks.MOST - 1):
            await webhooks.add(house.session, house.owner, mine, "https://example.com/", now)
        with pytest.raises(TooManyEndpoints):
            await webhooks.add(house.session, house.owner, mine, "https://example.com/", now)
        await webhooks.remove(house.session, house.owner, house.endpoint.id, now)
