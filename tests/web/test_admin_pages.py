"""The policy desk: hostile rules get complaints, two admins at once lose nothing, and only a second one publishes."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.roles import Role
from auth.tables import AuditEntry
from eligibility import Facts, Rule, Verdict, evaluate
from policies import queries, service
from tests.factories import lending
from tests.factories.desk_cases import keep_cases
from tests.factories.pages import Visitor, form_of
from tests.factories.people import person
from tests.factories.publishing import simulated
from tests.web.conftest import SignedIn
from tests.web.reading import read

pytestmark = pytest.mark.seeded
RENT = "SD-RENT-2020-4"
EDITOR = f"/admin/policies/{RENT}"
NARROW = 'province_code == "370000" && landlord_type == "state_owned" && sme_size in ["micro"]'
NARROWEST = f"{NARROW} && affected_by_epidemic"
HOSTILE = {
    "nothing": "",
    "blanks": " \n\t ",
    "20,000 characters": "a" * 20_000,
    "20,001 characters": "jobs_commitment || " * 1_060,
    "30,000 characters": "(" * 30_000,
    "500 deep": "(" * 500 + "jobs_commitment" + ")" * 500,
    "500 nots": "!" * 500 + "jobs_commitment",
    "3,000 nodes": " || ".join(["jobs_commitment"] * 1_500),
    "a NUL": "jobs_commitment\0",
    "a surrogate": "jobs_commitment\ufffd",
    "a huge number": "employees_end > " + "9" * 4_000,
    "a long string": 'province_code == "' + "a" * 15_000 + '"',
    "markup": "<script>alert(1)</script>",
    "another language": "os.system('rm -rf /')",
    "a bidi trick": "jobs_commitment \u202e&& x",
    "half a string": 'province_code == "37',
}


async def an_admin(signed_in: SignedIn) -> Visitor:
    return (await signed_in(Role.POLICY_ADMIN))[0]


async def typed(admin: Visitor, **changes: str) -> dict[str, str]:
    """What the editor's form would send, with changes."""
    fields = form_of(await admin.get(EDITOR)).fields
    return {name: value for name, value in fields.items() if name != "_csrf_token"} | changes


async def saves(admin: Visitor, rule: str) -> str:
    """Save a rule; the version's address."""
    answer = await admin.post(EDITOR, await typed(admin, rule=rule, save="1"))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def answers(admin: Visitor, version: str, session: AsyncSession) -> None:
    """Keep the cases it lacks, have it simulated, and answer the analysis as the submission would make it."""
    row = await queries.open_version(session, RENT)
    assert row is not None
    await simulated(
        session, await person(session, datetime.now(UTC), Role.POLICY_ADMIN), row, datetime.now(UTC)
    )
    await session.commit()
    await keep_cases(admin, version)
    await acts(admin, version, "answer")
    page = await admin.get(version)
    fields = {name: "meant so" for name in form_of(page).fields if name.startswith("answer-")}
    if fields:
        assert await acts(admin, version, "answer", **fields) == 303


async def acts(admin: Visitor, version: str, action: str, **more: str) -> int:
    """Press a button of a version's page as it is now; the status."""
    seen = form_of(await admin.get(version)).fields.get("seen_sha256", "")
    return (await admin.post(version, {"seen_sha256": seen, "action": action, **more})).status_code


async def stored(session: AsyncSession) -> list[str]:
    """The rules of every version, oldest first."""
    session.expire_all()
    return [row.rule for row in reversed(await queries.history(session, RENT))]


class TestHostileRules:
    """Complaints, never an error of ours."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_get_complaints_and_are_not_stored(
        self, signed_in: SignedIn, session: AsyncSession, lang: str
    ) -> None:
        admin = await an_admin(signed_in)
        before, fields = await stored(session), await typed(admin)
        for what, rule in HOSTILE.items():
            page = await admin.post(f"{EDITOR}?lang={lang}", {**fields, "rule": rule, "save": "1"})
            found = form_of(page)
            assert (page.status_code, found.summary) == (422, ["rule"]), what
            assert found.fields["rule"].strip() == rule[:25_000].replace("\0", "\ufffd").strip(), what
            assert found.fields["name_zh"] == fields["name_zh"]
            for path, button in ((EDITOR, "check"), (EDITOR, "try"), (f"{EDITOR}/check", "check")):
                answer = await admin.post(path, {**fields, "rule": rule, button: "1"})
                assert answer.status_code in {200, 422}, (what, button)
                assert "mp-find" in answer.text, (what, button)
                assert "<script>alert" not in answer.text
        assert await stored(session) == before

    async def test_are_pointed_at_where_they_go_wrong(self, signed_in: SignedIn) -> None:
        admin = await an_admin(signed_in)
        rule = 'jobs_commitment\n&& province_cod == "370000"'
        page = (await admin.post(f"{EDITOR}/check?lang=en", {"rule": rule})).text
        assert "<mark>province_cod</mark>" in page
        assert "2:4" in page
        assert "province_code" in page


class TestOtherFields:
    """The rest of the form."""

    async def test_that_cannot_be_are_told_beside_the_field_and_all_is_kept(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        admin = await an_admin(signed_in)
        before, fields = await stored(session), await typed(admin, rule=NARROW, note="新的附注", save="1")
        for name, text in (
            ("name_zh", ""),
            ("name_zh", "长" * 201),
            ("name_en", "a\u202eb"),
            ("name_zh", "a\ufffeb"),
            ("issued_on", "yesterday"),
            ("issued_on", ""),
            ("issued_on", "2020-W06-6"),
            ("issued_on", "20200201"),
            ("issued_on", "2020-2-1"),
            ("issued_on", "２０２０-02-01"),
            ("issued_on", "0001-01-01"),
            ("issued_on", "1948-12-31"),
            ("effective_to", "2201-01-01"),
            ("effective_to", "9999-12-31"),
            ("effective_from", ""),
            ("effective_from", "2020-02-30"),
            ("effective_to", "1999-01-01"),
            ("eligibility_zh", ""),
            ("clause_en", "c" * 301),
            ("eligibility_zh", "条\uffff件"),
            ("exclusions", "E" * 65),
            ("exclusions", "CN-VAT-2020-13-HB\0"),
            ("exclusions", "CN-VAT-2020-13-HB NO-SUCH"),
            ("exclusions", RENT),
            ("note", "长" * 4001),
        ):
            page = await admin.post(EDITOR, {**fields, name: text})
            found = form_of(page)
            assert (page.status_code, found.summary) == (422, [name]), (name, text)
            rest = {
                field: fields[field] for field in ("rule", "note", "name_zh", "clause_zh") if field != name
            }
            assert {field: found.fields[field].strip() for field in rest} == rest
        assert await stored(session) == before

    async def test_keep_the_lines_a_browser_sends(self, signed_in: SignedIn, session: AsyncSession) -> None:
        admin = await an_admin(signed_in)
        fields = await typed(admin, rule=NARROW, eligibility_zh="一\r\n二", save="1")
        assert (await admin.post(EDITOR, fields)).status_code == 303
        draft = await queries.open_version(session, RENT)
        assert draft is not None
        assert draft.eligibility_zh == "一\n二"

    async def test_with_a_nul_are_never_an_error_of_ours(self, signed_in: SignedIn) -> None:
        admin = await an_admin(signed_in)
        fields = await typed(admin, save="1")
        for name in fields.keys() - {"save"}:
            answer = await admin.post(EDITOR, {**fields, "rule": NARROW, name: f"{fields[name]}\0"})
            assert answer.status_code in {303, 409, 422}, name


class TestTrying:
    """A rule on a stored enterprise."""

    async def test_shows_the_verdict_keeps_the_text_and_is_audited(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        enterprise = await lending.enterprise(session, await person(session, now), now)
        admin, who = await signed_in(Role.POLICY_ADMIN)
        fields = await typed(admin, rule="employees_end > 10", enterprise=str(enterprise), **{"try": "1"})
        page = await admin.post(EDITOR, fields)
        assert page.status_code == 200
        assert "mp-trial" in page.text
        assert form_of(page).fields["rule"].strip() == "employees_end > 10"
        looked = await session.scalar(select(AuditEntry).where(col(AuditEntry.action) == "policies.try"))
        assert looked is not None
        assert (looked.actor_id, looked.tenant) == (who.user_id, str(enterprise))

    async def test_on_what_is_not_there_is_refused(self, signed_in: SignedIn) -> None:
        admin = await an_admin(signed_in)
        for day in ("2020-02-30", "0000", "20200415", "2020-W16-3", "1586908800", "0001-01-01", "2201-01-01"):
            page = await admin.post(EDITOR, await typed(admin, rule=NARROW, try_day=day, **{"try": "1"}))
            assert (page.status_code, form_of(page).summary) == (422, ["try_day"]), day
            assert form_of(page).fields["rule"].strip() == NARROW
        for enterprise in ("", "x", "\0", str(uuid4())):
            fields = await typed(admin, rule=NARROW, enterprise=enterprise, **{"try": "1"})
            page = await admin.post(f"{EDITOR}?lang=en", fields)
            assert (page.status_code, form_of(page).summary) == (404, ["enterprise"]), enterprise
            assert "No such enterprise" in page.text
            assert form_of(page).fields["rule"].strip() == NARROW


class TestFinding:
    """The list of policies."""

    async def test_filters_by_words_status_level_and_category(self, signed_in: SignedIn) -> None:
        admin = await an_admin(signed_in)
        version = await saves(admin, NARROW)
        links = read((await admin.get("/admin?status=draft")).text).links
        assert [link for link in links if "/versions/" in link] == [version]
        found = read(
            (await admin.get("/admin?q=财税〔2019〕13号&level=national&category=tax_reduction")).text
        )
        assert "/admin/policies/CN-VAT-2019-13-1" in found.links
        assert EDITOR not in found.links
        assert "这些条件下没有政策" in (await admin.get("/admin?q=no+such+policy")).text
        assert "共 90 条" in (await admin.get("/admin?status=%00&level=x&category=1")).text

    async def test_calls_published_what_has_no_effect_on_the_day_and_says_when(
        self, signed_in: SignedIn
    ) -> None:
        admin = await an_admin(signed_in)
        for policy, words in (("CN-VAT-2021-11", "已发布，2021年"), ("CN-VAT-2019-13-1", "生效中")):
            page = (await admin.get(f"/admin?q={policy}")).text
            tag = page.partition("</thead>")[2].partition("<strong")[2].partition("</strong>")[0]
            assert words in tag, policy
            assert ("tag-yes" in tag) == (words == "生效中")
            assert words in (await admin.get(f"/admin/policies/{policy}")).text


class TestSources:
    """What the editors noted, for whoever edits next."""

    async def test_stand_at_the_desk(self, signed_in: SignedIn) -> None:
        page = (await (await an_admin(signed_in)).get("/admin/policies/CN-VAT-2020-13-HB")).text
        assert "gdcenn.cn/a/202003/451218.html" in page
        assert "saving = sales_excl_VAT * 0.03" in page


class TestTwoAdmins:
    """At one policy."""

    async def test_editing_at_once_the_second_is_told_and_keeps_what_he_typed(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        first, second = await an_admin(signed_in), await an_admin(signed_in)
        mine = await typed(second, rule=NARROWEST, name_en="My words", save="1")
        await saves(first, NARROW)
        page = await second.post(EDITOR, mine)
        assert page.status_code == 409
        found = form_of(page)
        assert found.summary == ["rule"]
        assert (found.fields["rule"].strip(), found.fields["name_en"]) == (NARROWEST, "My words")
        assert (await stored(session))[-1] == NARROW
        again = await second.post(EDITOR, {**found.fields, "save": "1"})
        assert again.status_code == 409

    async def test_saving_in_the_same_instant_open_one_draft(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        first, second = await an_admin(signed_in), await an_admin(signed_in)
        forms = [await typed(first, rule=NARROW, save="1"), await typed(second, rule=NARROWEST, save="1")]
        answers = await asyncio.gather(first.post(EDITOR, forms[0]), second.post(EDITOR, forms[1]))
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        assert len(await stored(session)) == 2

    async def test_are_needed_to_publish(self, signed_in: SignedIn, session: AsyncSession) -> None:
        first, second = await an_admin(signed_in), await an_admin(signed_in)
        version = await saves(first, NARROW)
        assert await acts(second, version, "publish") == 409
        assert await acts(first, version, "submit") == 409
        await answers(first, version, session)
        assert await acts(first, version, "submit") == 303
        assert await acts(first, version, "publish") == 409
        assert await acts(first, version, "reject", reason="x") == 409
        page = await first.post(EDITOR, await typed(first, rule=NARROWEST, save="1"))
        assert page.status_code == 422
        assert await acts(second, version, "publish") == 303
        assert await acts(second, version, "publish") == 409
        current = await queries.current(session, RENT)
        assert current is not None
        assert current.rule == NARROW

    async def test_publish_only_what_they_read(self, signed_in: SignedIn, session: AsyncSession) -> None:
        first, second = await an_admin(signed_in), await an_admin(signed_in)
        version = await saves(first, NARROW)
        await answers(first, version, session)
        await acts(first, version, "submit")
        read = form_of(await second.get(version)).fields["seen_sha256"]
        await acts(first, version, "take_back")
        assert await saves(first, NARROWEST) == version
        await answers(first, version, session)
        await acts(first, version, "submit")
        page = await second.post(version, {"action": "publish", "seen_sha256": read})
        assert page.status_code == 409
        assert form_of(page).summary == ["action"]

    async def test_reject_with_a_reason_that_the_first_reads(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        first, second = await an_admin(signed_in), await an_admin(signed_in)
        version = await saves(first, NARROW)
        await answers(first, version, session)
        await acts(first, version, "submit")
        seen = form_of(await second.get(version)).fields["seen_sha256"]
        for reason in (
            "",
            " ",
            "原文\0没有",
            "原文\x01没有",
            "原文\u202e没有",
            "原文\ufffe没有",
            "长" * 2001,
        ):
            press = {"seen_sha256": seen, "action": "reject", "reason": reason}
            found = form_of(page := await second.post(version, press))
            assert (page.status_code, found.summary) == (422, ["reason"]), reason
            assert len(found.errors) == 1
            assert found.fields["reason"].strip() == reason.replace("\0", "\ufffd").strip()
        assert await acts(second, version, "reject", reason="原文\r\n没有这样写") == 303
        assert "没有这样写" in (await first.get(version)).text

    async def test_cannot_bring_into_force_what_cannot_be_judged(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = await an_admin(signed_in), await an_admin(signed_in)
        await lending.enterprise(session, await person(session, now), now)
        version = await saves(first, "employees_end > 10")
        await answers(first, version, session)

        def fails_on_a_stored_enterprise(rule: Rule, facts: Facts) -> Verdict:
            if "employees_end" in facts:
                raise RecursionError
            return evaluate(rule, facts)

        with monkeypatch.context() as engine:
            engine.setattr(service, "evaluate", fails_on_a_stored_enterprise)
            assert await acts(first, version, "submit") == 422
        assert await acts(first, version, "submit") == 303
        with monkeypatch.context() as engine:
            engine.setattr(service, "evaluate", fails_on_a_stored_enterprise)
            assert await acts(second, version, "publish") == 422
        assert await acts(second, version, "publish") == 303


class TestAddresses:
    """What is not there."""

    async def test_that_lead_nowhere_are_not_found(self, signed_in: SignedIn) -> None:
        admin = await an_admin(signed_in)
        assert (await admin.get("/admin/policies/NO-SUCH")).status_code == 404
        told = set()
        for number in ("99", "x", "0", "-1", "01", "٢", "9" * 10, "9" * 30, "9" * 5_000):
            page = await admin.get(f"{EDITOR}/versions/{number}")
            assert page.status_code == 404, number[:40]
            told.add(page.text.partition("<main")[2].partition("</main>")[0])
        assert len(told) == 1
        assert (await admin.get("/admin/policies/%00")).status_code in {404, 422}
        for action in ("", "explode", "publish\0"):
            assert (await admin.post(f"{EDITOR}/versions/1", {"action": action})).status_code == 404

    async def test_without_the_forms_token_are_refused(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        admin = await an_admin(signed_in)
        before, fields = await stored(session), await typed(admin, rule=NARROW, save="1")
        assert (await admin.post_bare(EDITOR, fields)).status_code == 403
        assert (await admin.post_bare(f"{EDITOR}/check", {"rule": NARROW})).status_code == 403
        assert await stored(session) == before
