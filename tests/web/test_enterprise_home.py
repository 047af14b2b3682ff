"""An enterprise's home: what it has, what to do next, each fact with source and age; what is attested is disputed."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from auth import consent
from marketplace.profiles import attesting, people, service
from marketplace.web.enterprise_home import age
from marketplace.web.fact_readers import readers_of
from tests.factories import lending
from tests.factories.attesting import AUDIENCE, signer
from tests.factories.pages import form_of
from tests.factories.people import person
from tests.web.conftest import SignedIn
from tests.web.reading import read


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (0, "今天", "today"),
        (1, "1 天前", "1 day ago"),
        (95, "3 个月前", "3 months ago"),
        (800, "2 年前", "2 years ago"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(now: datetime, days: int, zh: str, en: str) -> None:
    since = now - timedelta(days=days)
    assert (age(since, now, "zh-CN"), age(since, now, "en")) == (zh, en)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_tells_what_it_has_and_what_is_old(
    signed_in: SignedIn, session: AsyncSession, now: datetime, lang: str
) -> None:
    owner, who = await signed_in()
    mine = await lending.enterprise(session, who, now)
    long_ago = now - timedelta(days=800)
    await service.save_facts(session, who, mine, {"owner_age": 41}, source="declared", now=long_ago)
    await session.commit()
    page = await owner.get(f"/account/enterprises/{mine}?lang={lang}&imported=3")
    assert page.status_code == 200
    text = read(page.text).text
    told = {
        "zh": ("接下来", "2 年前", "今天", "从表格保存了 3 项信息", "改了信息"),
        "en": ("What to do next", "2 years ago", "today", "3 facts from the sheet are kept", "Changed facts"),
    }
    for words in told[lang]:
        assert words in text, words


async def test_a_fact_tells_its_changes_to_its_owner_alone(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, who = await signed_in()
    stranger, _ = await signed_in()
    mine = await lending.enterprise(session, who, now)
    await service.save_facts(session, who, mine, {"employees_end": 33}, source="imported", now=now)
    await session.commit()
    path = f"/account/enterprises/{mine}/fact/employees_end"
    text = read((await owner.get(path)).text).text
    assert text.index("33") < text.rindex("18")
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.post(f"{path}/dispute", {"reason": "x"})).status_code == 404
    assert (await owner.get(path.replace("employees_end", "nothing"))).status_code == 404


async def test_an_attested_fact_is_disputed_and_not_overwritten(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, who = await signed_in()
    mine = await lending.enterprise(session, who, now)
    enterprise = await service.enterprise_of(session, who, mine)
    tax = await signer(session, now)
    statement = tax.sign(tax.claims(enterprise.uscc, {"tax_credit_rating": "C"}))
    await attesting.take_in(session, statement, audience=AUDIENCE, now=now)
    await session.commit()
    home, path = f"/account/enterprises/{mine}", f"/account/enterprises/{mine}/fact/tax_credit_rating"
    assert "济南市税务局" in (await owner.get(home)).text
    refused = await owner.post(f"{home}/facts/bank_product", {"tax_credit_rating": "A"})
    assert refused.status_code == 422
    assert "tax_credit_rating" in form_of(refused).summary
    assert (await service.facts_of(session, mine))["tax_credit_rating"] == "C"
    empty = await owner.post(f"{path}/dispute", {"reason": " "})
    assert (empty.status_code, form_of(empty).summary) == (422, ["reason"])
    assert (await owner.post(f"{path}/dispute", {"reason": "去年评的是 A"})).status_code == 303
    assert "去年评的是 A" in (await owner.get(path)).text
    assert "有异议" in (await owner.get(home)).text
    assert (await owner.post(f"{path}/dispute", {"reason": "再说一次"})).status_code == 422


async def test_below_each_group_of_facts_stands_who_may_see_and_use_it(
    signed_in: SignedIn, session: AsyncSession, now: datetime
) -> None:
    owner, who = await signed_in()
    mine = await lending.enterprise(session, who, now)
    for part, last in (("reader", None), ("agent", now.date() + timedelta(days=9))):
        other = await person(session, now)
        code = await people.invite(session, who, mine, people.Offer("x", part, ("check",), last), now)
        await people.accept(session, other, code, now)
    await lending.banks_and_products(session, now)
    request = await lending.need(session, who, mine, now)
    application = await lending.apply(session, who, lending.asking(request.id), now)
    await session.commit()
    sent = await readers_of(session, mine, "zh-CN", now)
    assert {(one.part, one.changes) for one in sent.people} == {
        ("owner", True), ("reader", False), ("agent", False),
    }  # fmt: skip
    (bank,) = sent.banks["employees_end"]
    page = (await owner.get(f"/account/enterprises/{mine}?lang=zh")).text
    size = page.partition('id="size"')[2].partition("</section>")[0]
    told = read(size).text.partition(f"{bank}凭有效的授权拿到：")[2]
    assert "期末从业人员数" in told.partition("分享出去")[0]
    assert size.count("mp-readers") == 1
    assert len((await readers_of(session, mine, "zh-CN", now + timedelta(days=20))).people) == 2
    await consent.revoke(session, who, application.consent_id, now=now)
    await session.commit()
    assert (await readers_of(session, mine, "zh-CN", now)).banks == {}
    assert "没有银行拿到这些信息" in read((await owner.get(f"/account/enterprises/{mine}")).text).text
