"""Signing in, registering and keeping facts on pages: refusals say why, and nobody meets what is not theirs."""

from datetime import datetime
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.roles import Role
from marketplace.profiles.tables import Enterprise
from tests.factories import lending
from tests.factories.enterprises import a_resident_id, a_uscc, draft
from tests.factories.pages import form_of
from tests.factories.people import PASSWORD
from tests.web.conftest import Arrive, SignedIn

REGISTER = "/account/enterprises/new"
NOBODYS = UUID(int=1)  # parametrized tests need the same names in every worker
FOR_OWNERS = ("/account", REGISTER, f"/account/enterprises/{NOBODYS}", f"/applications/{NOBODYS}")
FOR_OFFICERS = ("/officer", f"/officer/cases/{NOBODYS}")
FOR_ADMINS = ("/admin", "/admin/policies/SD-RENT-2020-4", "/admin/policies/SD-RENT-2020-4/versions/1")

IMPOSSIBLE = [
    ("uscc", "91370102MAXX905001"),
    ("uscc", "12345"),
    ("uscc", a_uscc() + "\0"),
    ("uscc", "9" * 9000),
    ("owner_id_number", "370102198503141230"),
    ("owner_id_number", a_resident_id(born="20991231")),
    ("owner_id_number", "x" * 300),
    ("name", ""),
    ("name", "a\u202eb"),
    ("name", "长" * 201),
    ("owner_name", "  "),
    ("entity_type", ""),
    ("entity_type", "empire"),
]


class TestDoors:
    """Who gets in where."""

    async def test_lead_strangers_to_sign_in_and_back(self, arrive: Arrive) -> None:
        stranger = arrive()
        for path in (*FOR_OWNERS, *FOR_OFFICERS, *FOR_ADMINS):
            answer = await stranger.get(path)
            assert answer.status_code == 303
            assert unquote(answer.headers["location"]) == f"/login?next={path}"

    @pytest.mark.parametrize(
        ("role", "closed", "home"),
        [
            (Role.OWNER, (*FOR_OFFICERS, *FOR_ADMINS), "/account"),
            (Role.OFFICER, (*FOR_OWNERS[1:], *FOR_ADMINS), "/officer"),
            (Role.SENIOR_OFFICER, (*FOR_OWNERS[1:], *FOR_ADMINS), "/officer"),
            (
                Role.PRODUCT_MANAGER,
                (*FOR_OWNERS[1:], *FOR_OFFICERS, *FOR_ADMINS),
                "/bank/products",
            ),
            (Role.POLICY_ADMIN, (*FOR_OWNERS[1:], *FOR_OFFICERS), "/admin"),
            (Role.AUDITOR, FOR_OWNERS[1:], "/audit"),
            (Role.OPERATOR, (*FOR_OWNERS[1:], *FOR_OFFICERS, *FOR_ADMINS), "/operations"),
        ],
    )
    async def test_are_closed_to_other_roles(
        self, signed_in: SignedIn, role: Role, closed: tuple[str, ...], home: str
    ) -> None:
        visitor, _ = await signed_in(role)
        for path in closed:
            assert (await visitor.get(path)).status_code == 403, path
        account = await visitor.get("/account")
        assert account.headers.get("location", "/account") == home

    async def test_let_an_auditor_read_the_admins_desk_and_change_nothing(self, signed_in: SignedIn) -> None:
        auditor, _ = await signed_in(Role.AUDITOR)
        assert (await auditor.get("/admin")).status_code == 200
        assert (await auditor.post("/admin/policies/SD-RENT-2020-4", {"save": "1"})).status_code == 403


class TestSigningIn:
    """The sign-in form."""

    async def test_goes_on_to_the_page_that_was_wanted(self, arrive: Arrive, signed_in: SignedIn) -> None:
        _, owner = await signed_in()
        answer = await arrive().post(
            "/login", {"username": owner.username, "password": PASSWORD, "next": REGISTER}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, REGISTER)

    @pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "\0"])
    async def test_never_goes_on_to_another_site(
        self, arrive: Arrive, signed_in: SignedIn, wanted: str
    ) -> None:
        _, owner = await signed_in()
        answer = await arrive().post(
            "/login", {"username": owner.username, "password": PASSWORD, "next": wanted}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")

    @pytest.mark.parametrize("username", ["nobody", "\0", "a" * 9000, "' OR 1=1 --", ""])
    async def test_with_what_does_not_fit_is_refused_in_one_sentence(
        self, arrive: Arrive, username: str
    ) -> None:
        page = await arrive().post("/login", {"username": username, "password": "x\0"})
        assert page.status_code == 401
        assert form_of(page).summary == ["username"]
        assert form_of(page).title.startswith("有几处要改: 登录")
        assert form_of(page).told == ["用户名或密码不对。" + form_of(page).told[0].partition("。")[2]]
        assert form_of(page).fields["password"] == ""

    async def test_without_the_forms_token_is_refused(self, arrive: Arrive, signed_in: SignedIn) -> None:
        _, owner = await signed_in()
        visitor = arrive()
        await visitor.get("/login")
        answer = await visitor.post_bare("/login", {"username": owner.username, "password": PASSWORD})
        assert answer.status_code == 403

    async def test_out_closes_the_doors_again(self, signed_in: SignedIn) -> None:
        visitor, _ = await signed_in()
        assert (await visitor.get("/account")).status_code == 200
        assert (await visitor.post("/logout")).status_code == 303
        assert (await visitor.get("/account")).status_code == 303


class TestRegistering:
    """The form for a new enterprise."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_tells_what_is_wrong_and_keeps_the_rest(
        self, signed_in: SignedIn, session: AsyncSession, lang: str
    ) -> None:
        owner, _ = await signed_in()
        for name, text in IMPOSSIBLE:
            typed = draft(**{name: text})
            page = await owner.post(f"{REGISTER}?lang={lang}", typed)
            found = form_of(page)
            assert (page.status_code, found.summary) == (422, [name]), (name, text)
            rest = {field: value for field, value in typed.items() if field != name}
            assert {field: found.fields.get(field) for field in rest} == rest
        assert await session.scalar(select(func.count()).select_from(Enterprise)) == 0

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_tells_everything_that_is_wrong_at_once_and_names_each_field(
        self, signed_in: SignedIn, lang: str
    ) -> None:
        owner, _ = await signed_in()
        wrong = {"uscc": "91370102MAXX905001", "name": "", "entity_type": "", "owner_name": "a\u202eb"}
        page = await owner.post(f"{REGISTER}?lang={lang}", draft(**wrong, owner_id_number="12345"))
        found = form_of(page)
        assert found.summary == [*wrong, "owner_id_number"]
        names = {
            "zh": (
                "统一社会信用代码",
                "企业名称：",
                "主体类型：",
                "法定代表人或经营者姓名：",
                "法定代表人或经营者身份证号：",
            ),
            "en": (
                "Unified social credit code: ",
                "Name of the enterprise: ",
                "Kind of entity: ",
                "Name of the legal representative or owner: ",
                "Resident id",
            ),
        }
        for told, name in zip(found.told, names[lang], strict=True):
            assert told.startswith(name), told

    async def test_twice_is_refused_to_everybody_without_saying_whose_it_is(
        self, signed_in: SignedIn
    ) -> None:
        owner, _ = await signed_in()
        other, _ = await signed_in()
        typed = draft()
        assert (await owner.post(REGISTER, typed)).status_code == 303
        for visitor in (owner, other):
            page = await visitor.post(REGISTER, typed)
            assert page.status_code in {409, 422}
            assert form_of(page).summary == ["uscc"]
        assert form_of(page).told[0].startswith("这个统一社会信用代码已有人登记。先核对代码")

    async def test_never_shows_the_resident_id_again(self, signed_in: SignedIn) -> None:
        owner, _ = await signed_in()
        typed = draft()
        answer = await owner.post(REGISTER, typed)
        page = await owner.get(answer.headers["location"])
        assert page.status_code == 200
        assert typed["owner_id_number"] not in page.text
        assert typed["owner_id_number"][-4:] in page.text


class TestFacts:
    """What is kept about an enterprise."""

    async def test_belong_to_its_owner_alone(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        stranger, _ = await signed_in()
        mine = await lending.enterprise(session, who, now)
        path = f"/account/enterprises/{mine}/facts/size"
        assert (await owner.get(path)).status_code == 200
        gone = await stranger.get(path)
        never = await stranger.get(f"/account/enterprises/{uuid4()}/facts/size")
        assert (gone.status_code, never.status_code) == (404, 404)
        assert (await stranger.post(path, {"employees_end": "1"})).status_code == 404
        assert form_of(await owner.get(path)).fields["employees_end"] == "18"

    async def test_that_cannot_be_are_told_and_change_nothing(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        path = f"/account/enterprises/{await lending.enterprise(session, who, now)}/facts/size"
        page = await owner.post(path, {"employees_end": "many", "total_assets_yuan": "5"})
        assert page.status_code == 422
        assert form_of(page).fields["employees_end"] == "many"
        assert form_of(page).fields["total_assets_yuan"] == "5"
        kept = form_of(await owner.get(path)).fields
        assert (kept["employees_end"], kept["total_assets_yuan"]) == ("18", "2100000")
        assert (await owner.post(path.replace("size", "nothing"), {})).status_code == 404

    async def test_of_every_group_open_in_both_languages(
        self, signed_in: SignedIn, session: AsyncSession, now: datetime
    ) -> None:
        owner, who = await signed_in()
        mine = await lending.enterprise(session, who, now)
        for lang in ("zh", "en"):
            page = await owner.get(f"/account/enterprises/{mine}?lang={lang}")
            assert page.status_code == 200
            for group in ("identity", "size", "bank_product", "lessor"):
                answer = await owner.get(f"/account/enterprises/{mine}/facts/{group}?lang={lang}")
                assert answer.status_code == 200, group
