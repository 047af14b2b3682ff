"""Writing a policy at the desk: a new one from nothing, everything it says, and two admins who meet at one policy."""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.roles import Role
from auth.tables import AuditEntry
from policies import queries
from policies.tables import PolicyVersion
from tests.factories import lending
from tests.factories.pages import Visitor, form_of
from tests.factories.people import person
from tests.web.conftest import SignedIn

pytestmark = pytest.mark.seeded
RENT = "SD-RENT-2020-4"
EDITOR = f"/admin/policies/{RENT}"
NEW = "/admin/policies/new"
BOTH = (
    'province_code == "370000" && landlord_type == "state_owned" && sme_size in ["micro", "small", "medium"]'
)
SAID = {
    "id": "SD-TEST-2020-1", "issuer": "山东省人民政府", "document_no": "鲁政发〔2020〕9号", "region_code": "济南",
    "level": "city", "category": "fee_reduction", "issued_on": "2020-04-01", "effective_from": "2020-04-01",
    "title_zh": "关于试行的通知", "title_en": "Notice", "name_zh": "试行减免", "name_en": "A trial relief",
    "clause_zh": "第一条", "clause_en": "art. 1", "eligibility_zh": "小微企业", "eligibility_en": "Small firms",
    "rule": "employees_end <= 20 && affected_by_epidemic", "benefit_type": "subsidy", "amount": "employees_end * 100",
    "per": "once", "source.0.mark": "seen", "source.0.text": "jinan.gov.cn", "source.1.mark": "check",
    "source.1.text": "memory: number",
}  # fmt: skip
OWN = {
    "input.0.name": "machine_yuan", "input.0.type": "money", "input.0.label_zh": "机器", "input.0.label_en": "Machine",
    "input.0.minimum": "0", "amount": "machine_yuan * 0.1",
}  # fmt: skip


async def typed(admin: Visitor, path: str, **changes: str) -> dict[str, str]:
    """What a page's form would send, with changes."""
    fields = form_of(await admin.get(path)).fields
    return {name: value for name, value in fields.items() if name != "_csrf_token"} | changes


async def an_admin(signed_in: SignedIn) -> Visitor:
    return (await signed_in(Role.POLICY_ADMIN))[0]


async def draft_of(session: AsyncSession, policy: str = RENT) -> PolicyVersion:
    session.expire_all()
    found = await queries.open_version(session, policy)
    assert found is not None
    return found


class TestANewPolicy:
    """From nothing to the draft of its first version."""

    async def test_is_written_down_whole_and_audited(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        admin = await an_admin(signed_in)
        fields = {**await typed(admin, NEW), **SAID, "save": "1"}
        answer = await admin.post(NEW, fields)
        assert answer.status_code == 303, form_of(answer).told
        assert answer.headers["location"] == "/admin/policies/SD-TEST-2020-1/versions/1"
        row = await draft_of(session, "SD-TEST-2020-1")
        assert (row.region_code, row.issuer, row.checked) == ("370100", SAID["issuer"], "check")
        assert row.benefit == {"type": "subsidy", "amount": "employees_end * 100", "per": "once"}
        assert [one["text"] for one in row.sources] == ["jinan.gov.cn", "memory: number"]
        began = await session.scalar(select(AuditEntry).where(col(AuditEntry.action) == "policies.begin"))
        assert began is not None
        again = await admin.post(NEW, fields)
        assert (again.status_code, form_of(again).summary) == (409, ["id"])
        page = (await admin.get("/admin/policies/SD-TEST-2020-1/versions/1")).text
        for said in ("issuer", "title_zh", "eligibility_en", "amount"):
            assert SAID[said] in page, "whoever reviews a new policy reads all of it"

    async def test_tells_what_is_wrong_at_its_field_and_keeps_the_rest(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        admin = await an_admin(signed_in)
        fields = {**await typed(admin, NEW), **SAID, "save": "1"}
        family = {"family.0.id": "F", "family.0.document_no": "x", "family.0.from": "2020-01-01"}
        whole = {**family, "family.0.to": "2020-12-31", "family.0.among": "jobs_commitment"}
        for changes, field in (
            ({"id": "lower-case"}, "id"),
            ({"id": ""}, "id"),
            ({"rule": ""}, "rule"),
            ({"region_code": "nowhere"}, "region_code"),
            ({"level": "galaxy"}, "level"),
            ({"issuer": ""}, "issuer"),
            ({"document_no": "长" * 301}, "document_no"),
            ({"amount": "employees_end *"}, "amount"),
            ({"amount": "jobs_commitment"}, "amount"),
            (
                {
                    "input.0.name": "own",
                    "input.0.type": "money",
                    "input.0.label_zh": "",
                    "input.0.label_en": "x",
                },
                "inputs",
            ),
            ({**OWN, "input.0.name": "employees_end"}, "inputs"),
            ({**OWN, "input.0.minimum": "few"}, "inputs"),
            ({**OWN, "amount": "machine_yuan * 2", "input.0.name": "other_yuan"}, "amount"),
            ({"source.0.text": "", "source.1.text": ""}, "sources"),
            ({"effective_to": "2019-01-01"}, "effective_to"),
            ({"exclusions": "NO-SUCH"}, "exclusions"),
            ({"exclusions": SAID["id"]}, "exclusions"),
            (family, "families"),
            ({**whole, "family.0.members": RENT}, "families"),
            ({**whole, "family.0.members": f"{SAID['id']} NO-SUCH"}, "families"),
            ({**whole, "family.0.members": f"{SAID['id']} {RENT}", "family.0.among": "x ="}, "families"),
            ({**whole, "family.0.members": f"{SAID['id']} {RENT}", "family.0.to": "2019-01-01"}, "families"),
        ):
            page = await admin.post(NEW, {**fields, **changes})
            found = form_of(page)
            assert (page.status_code, found.summary) == (422, [field]), changes
            assert found.fields["name_zh"] == SAID["name_zh"]
        assert await queries.known(session, [SAID["id"]]) == set()
        good = {**whole, **OWN, "family.0.members": f"{SAID['id']}, {RENT}"}
        assert (await admin.post(NEW, {**fields, **good})).status_code == 303
        draft = await draft_of(session, SAID["id"])
        assert draft.benefit["inputs"][0] == {
            "name": "machine_yuan", "type": "money", "label_zh": "机器", "label_en": "Machine", "minimum": 0,
            "unit": "CNY yuan",
        }  # fmt: skip
        families = draft.relations["families"]
        assert families[0]["members"] == [SAID["id"], RENT]

    async def test_is_for_policy_admins(self, signed_in: SignedIn) -> None:
        for role in (Role.AUDITOR, Role.OWNER, Role.OFFICER):
            visitor = (await signed_in(role, **({"bank_id": "CCB"} if role is Role.OFFICER else {})))[0]
            assert (await visitor.get(NEW)).status_code == 403
            assert (await visitor.post(NEW, SAID)).status_code == 403
            assert (await visitor.post(f"{EDITOR}/builder", {"rule": "x"})).status_code == 403


class TestThePage:
    """Without script."""

    async def test_saving_what_it_shows_changes_nothing_whatever_the_policy(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        admin = await an_admin(signed_in)
        ids = [row.policy_id for row in await queries.published(session)]
        for policy in ids[:: len(ids) // 12]:
            path = f"/admin/policies/{policy}"
            answer = await admin.post(path, await typed(admin, path, save="1"))
            assert answer.status_code == 303, (policy, form_of(answer).told)
            kept = await draft_of(session, policy)
            base = await queries.current(session, policy)
            assert base is not None
            assert kept.content_sha256 == base.content_sha256, policy

    async def test_builds_undoes_tries_and_saves_a_rule_with_its_clause(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        admin = await an_admin(signed_in)
        page = form_of(await admin.post(EDITOR, await typed(admin, EDITOR, do="row:b")))
        new = {**page.fields, "b.3.fact": "期末从业人员数", "do": "look"}
        page = form_of(await admin.post(EDITOR, new))
        page = form_of(
            await admin.post(EDITOR, {**page.fields, "b.3.v0": "20", "b.3.op": "<=", "do": "negate:b.3"})
        )
        assert page.fields["rule"].strip() == f"{BOTH} && !(employees_end <= 20)"
        page = form_of(await admin.post(EDITOR, {**page.fields, "do": "undo"}))
        assert page.fields["rule"].strip() == BOTH
        page = form_of(await admin.post(EDITOR, {**page.fields, "do": "redo"}))
        cited = {"b.3.cite_zh": "第三条", "b.3.cite_en": "art. 3"}
        enterprise = await lending.enterprise(session, await person(session, now), now)
        tried = await admin.post(EDITOR, {**page.fields, **cited, "enterprise": str(enterprise), "try": "1"})
        told = tried.text.partition('class="mp-trial"')[2].partition("</section>")[0]
        assert (told.count("第三条"), told.count("第三部分")) == (1, 3), (
            "each condition stands with its own clause"
        )
        half = await admin.post(EDITOR, {**page.fields, "b.3.v0": "", "save": "1"})
        assert (half.status_code, form_of(half).summary) == (422, ["b.3.v0"])
        assert (await admin.post(EDITOR, {**page.fields, **cited, "save": "1"})).status_code == 303
        draft = await draft_of(session)
        assert draft.rule == f"{BOTH} && !(employees_end <= 20)"
        assert draft.relations["citations"] == [
            {"condition": "!(employees_end <= 20)", "clause_zh": "第三条", "clause_en": "art. 3"}
        ]
        assert "第三条" in (await admin.get(f"{EDITOR}/versions/{draft.version}")).text

    async def test_refuses_a_text_and_rows_that_were_changed_apart(self, signed_in: SignedIn) -> None:
        admin = await an_admin(signed_in)
        fields = await typed(admin, EDITOR, rule="jobs_commitment", save="1", **{"b.0.v0": "420000 湖北省"})
        page = await admin.post(EDITOR, fields)
        assert (page.status_code, form_of(page).summary) == (422, ["rule"])
        chosen = form_of(await admin.post(EDITOR, {**form_of(page).fields, "do": "use:rows"}))
        assert chosen.fields["rule"].strip() == BOTH.replace("370000", "420000")

    async def test_adds_an_exclusion_from_the_list_and_says_for_what_it_holds(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        admin = await an_admin(signed_in)
        fields = await typed(admin, EDITOR, exclude="CN-VAT-2020-13-HB", do="exclude")
        page = form_of(await admin.post(EDITOR, fields))
        assert page.fields["exclusions"].split()[-1] == "CN-VAT-2020-13-HB"
        fields = {**page.fields, "scope.CN-VAT-2020-13-HB": "year", "save": "1"}
        assert (await admin.post(EDITOR, fields)).status_code == 303
        assert (await draft_of(session)).benefit["exclusive_per"] == {"CN-VAT-2020-13-HB": "year"}

    async def test_says_a_formula_in_words_while_it_is_typed(self, signed_in: SignedIn) -> None:
        admin = await an_admin(signed_in)
        form = await typed(admin, EDITOR)
        said = await admin.post(f"{EDITOR}/amount?lang=en", {**form, "amount": "rent_month_yuan * 2"})
        assert "× 2" in said.text
        wrong = await admin.post(f"{EDITOR}/amount?lang=en", {**form, "amount": "rent_mont_yuan * 2"})
        assert "rent_month_yuan" in wrong.text
        assert "<mark>rent_mont_yuan</mark>" in wrong.text


class TestTwoAdmins:
    """At one policy at once."""

    async def test_keep_what_each_changed_alone(self, signed_in: SignedIn, session: AsyncSession) -> None:
        first, second = await an_admin(signed_in), await an_admin(signed_in)
        mine = await typed(second, EDITOR, name_en="Second's name", per="year", save="1")
        theirs = {"name_zh": "甲改的名称", "source.9.mark": "check", "source.9.text": "first's source"}
        assert (await first.post(EDITOR, await typed(first, EDITOR, save="1", **theirs))).status_code == 303
        page = await second.post(EDITOR, mine)
        found = form_of(page)
        assert (page.status_code, found.summary) == (409, [])
        assert "first&#39;s source" in page.text
        assert (await second.post(EDITOR, {**found.fields, "save": "1"})).status_code == 303
        draft = await draft_of(session)
        assert (draft.name_zh, draft.name_en, draft.benefit["per"]) == ("甲改的名称", "Second's name", "year")
        assert draft.sources[-1]["text"] == "first's source"
        assert len(draft.editors) == 2

    @pytest.mark.parametrize("choice", ["theirs", "mine"])
    async def test_choose_where_both_changed_the_same(
        self, signed_in: SignedIn, session: AsyncSession, choice: str
    ) -> None:
        first, second = await an_admin(signed_in), await an_admin(signed_in)
        mine = await typed(second, EDITOR, rule="employees_end <= 9", clause_en="mine", save="1")
        change = await typed(first, EDITOR, rule="employees_end <= 8", clause_en="theirs", save="1")
        assert (await first.post(EDITOR, change)).status_code == 303
        page = await second.post(EDITOR, mine)
        assert (page.status_code, form_of(page).summary) == (409, ["rule", "clause_en"])
        half = await second.post(EDITOR, {**form_of(page).fields, "take.rule": choice, "save": "1"})
        assert (half.status_code, form_of(half).summary) == (409, ["clause_en"])
        fields = {**form_of(half).fields, "take.rule": choice, "take.clause_en": "theirs", "save": "1"}
        assert (await second.post(EDITOR, fields)).status_code == 303
        draft = await draft_of(session)
        assert (draft.rule, draft.clause_en) == (
            f"employees_end <= {8 if choice == 'theirs' else 9}",
            "theirs",
        )

    async def test_changing_between_choosing_and_saving_are_asked_again(
        self, signed_in: SignedIn, session: AsyncSession
    ) -> None:
        first, second = await an_admin(signed_in), await an_admin(signed_in)
        mine = await typed(second, EDITOR, clause_en="mine", save="1")
        assert (
            await first.post(EDITOR, await typed(first, EDITOR, clause_en="a", save="1"))
        ).status_code == 303
        met = form_of(await second.post(EDITOR, mine)).fields
        assert (await first.post(EDITOR, await typed(first, EDITOR, note="b", save="1"))).status_code == 303
        page = await second.post(EDITOR, {**met, "save": "1"})
        assert (page.status_code, form_of(page).summary) == (409, ["clause_en"])
        fields = {**form_of(page).fields, "take.clause_en": "mine", "save": "1"}
        assert (await second.post(EDITOR, fields)).status_code == 303
        draft = await draft_of(session)
        assert (draft.clause_en, draft.note) == ("mine", "b")

    async def test_in_the_same_instant_lose_nothing(self, signed_in: SignedIn, session: AsyncSession) -> None:
        people = [await an_admin(signed_in) for _ in range(3)]
        forms = [await typed(one, EDITOR, save="1", **{name: f"by {at}"}) for at, (one, name) in enumerate(
            zip(people, ("clause_en", "name_en", "note"), strict=True)
        )]  # fmt: skip
        answers = await asyncio.gather(
            *(one.post(EDITOR, form) for one, form in zip(people, forms, strict=True))
        )
        assert [answer.status_code for answer in answers].count(303) == 1
        for one, first in zip(people, answers, strict=True):
            answer = first
            for _ in people:
                if answer.status_code == 409:
                    answer = await one.post(EDITOR, {**form_of(answer).fields, "save": "1"})
            assert answer.status_code == 303
        draft = await draft_of(session)
        assert (draft.clause_en, draft.name_en, draft.note) == ("by 0", "by 1", "by 2")
