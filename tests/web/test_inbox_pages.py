"""The inbox, its settings, the links of e-mails and the desk's pushes, as their readers meet them."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from eligibility import Facts
from marketplace.app import create_app
from marketplace.jobs.worker import Worker
from marketplace.notifications.keys import NotificationKeys
from marketplace.notifications.tables import InboxItem, NotificationSettings
from marketplace.settings import Settings, Smtp
from tests.factories.enterprises import enterprise
from tests.factories.pages import Visitor, form_of
from tests.factories.publishing import RENT, published, seeded
from tests.factories.stored import store
from tests.web.conftest import Arrive, SignedIn
from tests.web.reading import read


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A service with a mail server; nothing is sent here."""
    return replace(settings, smtp=Smtp("127.0.0.1", 1, "tell@example.com", bare=True))


@pytest.fixture
def app(settings: Settings, now: datetime) -> Litestar:
    return create_app(settings, clock=lambda: now)


async def pushed(session: AsyncSession, settings: Settings, owner: Actor, now: datetime) -> InboxItem:
    """A publication that reached one enterprise of the owner's."""
    await seeded(session, now)
    await store(session, [Facts({"employees_end": 8})], owner.user_id)
    version = await published(session, now)
    worker = Worker(settings, lambda: now)
    await worker.begin_pushes()
    await worker.push(version.id)
    await worker.engine.dispose()
    return (await session.scalars(select(InboxItem))).one()


def address(item: InboxItem) -> str:
    return f"/inbox/{item.push_id}/{item.enterprise_id}"


class TestInbox:
    """/inbox."""

    async def test_says_what_will_be_there_while_there_is_nothing(self, signed_in: SignedIn) -> None:
        owner, _ = await signed_in()
        page = read((await owner.get("/inbox?lang=zh")).text)
        assert "还没有消息" in page.text

    async def test_shows_a_push_with_its_reason_and_counts_it_in_the_head(
        self, signed_in: SignedIn, session: AsyncSession, settings: Settings, now: datetime
    ) -> None:
        owner, who = await signed_in()
        item = await pushed(session, settings, who, now)
        page = read((await owner.get("/inbox?lang=zh")).text)
        assert "新符合：" in page.text
        assert "1 条未读" in page.text
        assert address(item) in page.links
        message = read((await owner.get(address(item) + "?lang=zh")).text)
        assert "从业人员" in message.text
        assert "企业资料里是 8 人" in message.text
        assert f"/policies/{RENT}" in message.links
        assert "条未读" not in read((await owner.get("/account?lang=zh")).text).text

    async def test_shows_the_last_page_for_one_beyond_it(
        self, signed_in: SignedIn, session: AsyncSession, settings: Settings, now: datetime
    ) -> None:
        owner, who = await signed_in()
        item = await pushed(session, settings, who, now)
        for beyond in ("999", "9" * 30):
            page = await owner.get(f"/inbox?page={beyond}")
            assert page.status_code == 200
            assert address(item) in page.text
        copies = [InboxItem(**{**item.model_dump(), "push_id": uuid4()}) for _ in range(20)]
        session.add_all(copies)
        await session.commit()
        last = read((await owner.get("/inbox?page=999&lang=en")).text).text
        assert "Page 2 of 2" in last
        assert "Page 1 of 2" in read((await owner.get("/inbox?page=1")).text).text

    async def test_filters_and_reads_all(
        self, signed_in: SignedIn, session: AsyncSession, settings: Settings, now: datetime
    ) -> None:
        owner, who = await signed_in()
        item = await pushed(session, settings, who, now)
        assert address(item) in read((await owner.get("/inbox?kind=policy&unread=1")).text).links
        assert address(item) not in read((await owner.get("/inbox?kind=news")).text).links
        assert (await owner.post("/inbox/read")).status_code == 303
        assert address(item) not in read((await owner.get("/inbox?unread=1")).text).links
        assert address(item) in read((await owner.get("/inbox?page=0&kind=junk&enterprise=junk")).text).links

    async def test_is_closed_to_others_as_if_it_were_not_there(
        self, signed_in: SignedIn, session: AsyncSession, settings: Settings, now: datetime
    ) -> None:
        _, who = await signed_in()
        item = await pushed(session, settings, who, now)
        stranger, _ = await signed_in()
        assert (await stranger.get(address(item))).status_code == 404
        assert (await stranger.get(f"/inbox/{UUID(int=1)}/{UUID(int=2)}")).status_code == 404
        form = {"policy": RENT, "mark": "claimed"}
        assert (await stranger.post(address(item), form)).status_code == 404

    async def test_takes_note_of_what_was_claimed(
        self, signed_in: SignedIn, session: AsyncSession, settings: Settings, now: datetime
    ) -> None:
        owner, who = await signed_in()
        item = await pushed(session, settings, who, now)
        for form in ({"policy": "CN-OTHER", "mark": "claimed"}, {"policy": RENT, "mark": "stolen"}):
            assert (await owner.post(address(item), form)).status_code == 404
        assert (await owner.post(address(item), {"policy": RENT, "mark": "claimed"})).status_code == 303
        assert "你标了已办理" in read((await owner.get(address(item) + "?lang=zh")).text).text
        audit = await session.execute(
            text("SELECT count(*) FROM audit_log WHERE action = 'notifications.claimed' AND actor_id = :who"),
            {"who": who.user_id},
        )
        assert audit.scalar_one() == 1


class TestSettings:
    """/inbox/settings."""

    async def test_keep_what_was_typed_beside_the_error(self, signed_in: SignedIn) -> None:
        owner, _ = await signed_in()
        answer = await owner.post(
            "/inbox/settings", {"email": "nonsense", "mode": "daily", "personalised": "no"}
        )
        assert answer.status_code == 422
        form = form_of(answer)
        assert form.summary == ["email"]
        assert (form.fields["email"], form.fields["mode"], form.fields["personalised"]) == (
            "nonsense",
            "daily",
            "no",
        )

    async def test_are_kept_and_confirmed_by_a_link(
        self, signed_in: SignedIn, arrive: Arrive, session: AsyncSession, settings: Settings
    ) -> None:
        owner, who = await signed_in()
        form = {"email": "a@example.com", "mode": "daily", "tell_tax_reduction": "1", "personalised": "no"}
        assert (await owner.post("/inbox/settings", form)).status_code == 303
        kept = await session.get_one(NotificationSettings, who.user_id)
        assert (kept.mode, kept.personalised, "tax_reduction" in kept.muted) == ("daily", False, False)
        assert len(kept.muted) == 4
        token = NotificationKeys.load_or_create(settings.keys).link("confirm", who.user_id, "a@example.com")
        stranger = arrive()
        assert (await stranger.get(f"/inbox/email/{token}")).status_code == 200
        await session.refresh(kept)
        assert (
            kept.email_confirmed_at is None
        )  # opening it is not enough: mail programs do that by themselves
        assert (await stranger.post(f"/inbox/email/{token}")).status_code == 200
        await session.refresh(kept)
        assert kept.email_confirmed_at is not None
        assert (await stranger.get(f"/inbox/email/{token}x")).status_code == 404

    async def test_are_undone_by_a_link_and_by_one_click_without_signing_in(
        self, signed_in: SignedIn, arrive: Arrive, session: AsyncSession, settings: Settings
    ) -> None:
        owner, who = await signed_in()
        token = NotificationKeys.load_or_create(settings.keys).link("unsubscribe", who.user_id)
        api = f"/api/v1/notifications/unsubscribe/{token}"
        for stop in ("page", "one click"):
            await owner.post("/inbox/settings", {"email": "a@example.com", "mode": "immediately"})
            stranger = arrive()
            if stop == "page":
                assert (await stranger.get(f"/unsubscribe/{token}")).status_code == 200
                answer = await stranger.post(f"/unsubscribe/{token}")
            else:
                answer = await stranger.post_bare(api, {"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200, answer.text
            kept = await session.get_one(NotificationSettings, who.user_id, populate_existing=True)
            assert kept.mode == "none"
        assert (await arrive().get(api)).headers["location"] == f"/unsubscribe/{token}"
        assert (await arrive().post_bare(api + "x", {})).status_code == 404

    async def test_show_a_webhooks_secret_once(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        one = await enterprise(session, who, now)
        form = {"enterprise": str(one.id), "url": "https://erp.example.com/hooks"}
        assert "whsec_" in (await owner.post("/inbox/webhooks", form)).text
        page = await owner.get("/inbox/settings")
        assert "https://erp.example.com/hooks" in page.text
        assert "whsec_" not in page.text
        refused = await owner.post("/inbox/webhooks", {**form, "url": "http://erp.example.com"})
        assert (refused.status_code, form_of(refused).summary) == (422, ["url"])
        assert form_of(refused).fields["url"] == "http://erp.example.com"
        other = await owner.post("/inbox/webhooks", {**form, "enterprise": str(UUID(int=3))})
        assert form_of(other).summary == ["enterprise"]


class TestDesk:
    """/admin/pushes."""

    async def test_shows_reach_as_numbers(
        self, signed_in: SignedIn, session: AsyncSession, settings: Settings, now: datetime
    ) -> None:
        owner, who = await signed_in()
        item = await pushed(session, settings, who, now)
        admin, _ = await signed_in(Role.POLICY_ADMIN)
        page = read((await admin.get("/admin/pushes?lang=en")).text)
        assert "1 of 1" in page.text
        assert await opened(admin) == "0"
        await owner.get(address(item))
        assert await opened(admin) == "1"
        assert "No pushes yet" in read((await admin.get("/admin/pushes?policy=NONE&lang=en")).text).text


async def opened(admin: Visitor) -> str:
    """The column of how many opened it: the fourth number of the only row."""
    html = (await admin.get("/admin/pushes?lang=en")).text
    return html.split('<td class="r">')[4].split("<")[0]
