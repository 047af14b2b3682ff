"""Facts from a spreadsheet: what was shown is what is kept, rows that do not fit are told, nothing is stored before."""

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from openpyxl import Workbook, load_workbook
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from eligibility import Facts, Vocabulary
from marketplace.profiles import attesting, service, sheets
from marketplace.web import import_sheet
from tests.factories import lending
from tests.factories.attesting import AUDIENCE, signer
from tests.factories.pages import Visitor, form_of
from tests.web.conftest import SignedIn
from tests.web.reading import read


@dataclass
class Mine:
    """An owner signed in, and his enterprise."""

    visitor: Visitor
    owner: Actor
    id: UUID
    session: AsyncSession
    now: datetime

    @property
    def path(self) -> str:
        return f"/account/enterprises/{self.id}/import"

    async def send(self, data: bytes, name: str = "facts.xlsx", lang: str = "zh") -> Response:
        await self.visitor.get(f"/login?lang={lang}")
        cookies = self.visitor.client.cookies.items()
        token = next(value for cookie, value in cookies if cookie.startswith("mp_csrf_"))
        return await self.visitor.client.post(
            self.path, data={"_csrf_token": token}, files={"file": (name, data)}
        )

    async def known(self) -> dict[str, Any]:
        return (await service.facts_of(self.session, self.id)).to_json()


@pytest.fixture
async def mine(signed_in: SignedIn, session: AsyncSession, now: datetime) -> Mine:
    visitor, owner = await signed_in()
    return Mine(visitor, owner, await lending.enterprise(session, owner, now), session, now)


def sheet(*rows: Any, header: tuple[str, ...] = ("代码", "填写")) -> bytes:
    book = Workbook()
    for row in (header, *rows):
        book.worksheets[0].append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


class TestTemplate:
    """The sheet that is filled in."""

    @pytest.mark.parametrize("lang", ["zh", "en"])
    @pytest.mark.parametrize("kind", ["xlsx", "csv"])
    async def test_holds_what_is_known_and_changes_nothing_when_sent_back(
        self, mine: Mine, lang: str, kind: str
    ) -> None:
        got = await mine.visitor.get(f"{mine.path}/template/{kind}?lang={lang}")
        assert got.status_code == 200
        rows = sheets.rows_of(got.content)
        assert len(rows) == len(Vocabulary.shipped().given) + 1
        answers = import_sheet.read(rows, lang)
        assert not answers.errors
        assert answers.facts.to_json() == await mine.known()
        assert "没有要改的" in (await mine.send(got.content, f"facts.{kind}")).text

    async def test_has_no_formula_whatever_stands_in_it(self) -> None:
        data = import_sheet.as_workbook([["=1+1", "+1", "-2", "@x"]])
        book = load_workbook(io.BytesIO(data))
        assert {cell.data_type for cell in next(book.worksheets[0].iter_rows())} == {"s"}


class TestPreview:
    """What a file would change."""

    async def test_is_shown_and_stores_nothing_until_it_is_kept(self, mine: Mine) -> None:
        before = await mine.known()
        page = await mine.send(sheet(("employees_end", 25), ("注册所在市", "济南市"), ("税务信用等级", None)))
        assert page.status_code in {200, 422}
        assert await mine.known() == before
        kept = await mine.visitor.post(f"{mine.path}/keep", form_of(page).fields)
        assert kept.status_code == 303, kept.text
        assert (await mine.known())["employees_end"] == 25
        rows = {row.name: row.source for row in (await service.profile_of(mine.session, mine.id)).rows}
        assert (rows["employees_end"], rows["tax_credit_rating"]) == ("imported", "declared")

    async def test_is_shown_again_when_something_changed_in_between(self, mine: Mine) -> None:
        seen = form_of(await mine.send(sheet(("employees_end", 25)))).fields
        await service.save_facts(
            mine.session, mine.owner, mine.id, {"owner_age": 50}, source="declared", now=mine.now
        )
        await mine.session.commit()
        again = await mine.visitor.post(f"{mine.path}/keep", seen)
        assert again.status_code == 409
        assert (await mine.known())["employees_end"] == 18
        assert (await mine.visitor.post(f"{mine.path}/keep", form_of(again).fields)).status_code == 303
        assert (await mine.known())["employees_end"] == 25

    async def test_keeps_nothing_else_than_was_shown(self, mine: Mine) -> None:
        seen = form_of(await mine.send(sheet(("employees_end", 25)))).fields
        for facts in ('{"employees_end": 26}', "{}", '{"owner_age": 20, "employees_end": 25}'):
            assert (await mine.visitor.post(f"{mine.path}/keep", {**seen, "facts": facts})).status_code == 409
        for odd in ("[1]", "x", '{"employees_end": "many"}', '{"sme_size": "micro"}', "[" * 9_000):
            assert (await mine.visitor.post(f"{mine.path}/keep", {**seen, "facts": odd})).status_code == 422
        assert (await mine.known())["employees_end"] == 18

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_tells_each_row_that_does_not_fit_with_its_place(self, mine: Mine, lang: str) -> None:
        page = await mine.send(
            sheet(
                ("employees_end", "many"),
                ("no_such_fact", 1),
                ("sme_size", "micro"),
                ("operating_revenue_yuan", "=A1"),
                ("owner_age", 44),
                ("owner_age", 45),
                ("tax_credit_rating", "Z"),
                ("industry_code", "qqqq"),
            ),
            lang=lang,
        )
        assert page.status_code == 422
        text = read(page.text).text
        for place in ("B2", "A3", "A4", "B5", "A7", "B8", "B9"):
            assert f" {place} " in f" {text} ", place
        assert (await mine.visitor.post(f"{mine.path}/keep", form_of(page).fields)).status_code == 303
        known = await mine.known()
        assert (known["owner_age"], known["employees_end"]) == (44, 18)

    async def test_takes_none_only_for_what_can_be_none(self, mine: Mine) -> None:
        page = await mine.send(
            sheet(("employees_end", "无"), ("owner_age", " None "), ("loan_principal_due_date", "没有"))
        )
        assert page.status_code == 422
        text = read(page.text).text
        assert text.count("不能没有") == 2
        assert [place for place in ("B2", "B3", "B4") if f" {place} " in text] == ["B2", "B3"]
        assert (await mine.visitor.post(f"{mine.path}/keep", form_of(page).fields)).status_code == 303
        known = await mine.known()
        assert (known["employees_end"], known["loan_principal_due_date"]) == (18, None)

    async def test_reads_no_number_out_of_something_else(self, mine: Mine) -> None:
        rows = (
            ("employees_end", "12abc"),
            ("total_assets_yuan", "1,2,3"),
            ("operating_revenue_yuan", "３６０万"),
            ("owner_age", "４４岁"),
        )
        page = await mine.send(sheet(*rows))
        text = read(page.text).text
        assert [place for place in ("B2", "B3", "B4", "B5") if f" {place} " in text] == ["B2", "B3", "B5"]
        await mine.visitor.post(f"{mine.path}/keep", form_of(page).fields)
        known = await mine.known()
        assert (known["operating_revenue_yuan"], known["employees_end"]) == (3_600_000, 18)

    async def test_refuses_a_city_of_another_province_at_its_row(self, mine: Mine) -> None:
        page = await mine.send(sheet(("province_code", "110000"), ("city_code", "370100"), ("owner_age", 44)))
        assert page.status_code == 422
        text = read(page.text).text
        assert "B3 所在市" in text
        assert "济南市在山东省，和填写的北京市对不上" in text
        assert "淄博市 自己填的 不再保留" in text

    async def test_leaves_what_an_agency_attested(self, mine: Mine) -> None:
        tax = await signer(mine.session, mine.now)
        enterprise = await service.enterprise_of(mine.session, mine.owner, mine.id)
        statement = tax.sign(tax.claims(enterprise.uscc, {"tax_credit_rating": "C"}))
        await attesting.take_in(mine.session, statement, audience=AUDIENCE, now=mine.now)
        await mine.session.commit()
        page = await mine.send(sheet(("tax_credit_rating", "A"), ("owner_age", 44)))
        assert "由机构证明，保持不变" in page.text
        assert (await mine.visitor.post(f"{mine.path}/keep", form_of(page).fields)).status_code == 303
        known = await mine.known()
        assert (known["tax_credit_rating"], known["owner_age"]) == ("C", 44)


class TestRefusing:
    """Files that are no filled-in template, and people who are no owners."""

    @pytest.mark.parametrize("data", [b"%PDF-1.7\0", b"PK\x03\x04xx", b"a,b\n1,2\n", b"", b"a,b\n" * 2_001])
    async def test_tells_what_to_send_instead(self, mine: Mine, data: bytes) -> None:
        page = await mine.send(data)
        assert page.status_code == (413 if data.count(b"\n") > sheets.MOST_ROWS else 422)
        assert form_of(page).summary == ["file"]

    async def test_a_file_larger_than_two_megabytes_with_the_page_it_was_sent_from(self, mine: Mine) -> None:
        page = await mine.send(b"x" * 2_100_000)
        assert (page.status_code, form_of(page).summary) == (413, ["file"])
        assert "表格太大" in page.text

    async def test_a_body_nobody_reads_with_the_way_back(self, mine: Mine) -> None:
        answer = await mine.send(b"x" * 12_100_000)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{mine.path}?too-large=1")
        page = await mine.visitor.get(answer.headers["location"])
        assert (page.status_code, form_of(page).summary) == (413, ["file"])

    async def test_is_another_owners(self, mine: Mine, signed_in: SignedIn) -> None:
        stranger, _ = await signed_in()
        for path in (mine.path, f"{mine.path}/template/xlsx"):
            assert (await stranger.get(path)).status_code == 404
        facts = {"facts": Facts.from_json({"employees_end": 1}).to_json(), "seen": "x"}
        assert (
            await stranger.post(f"{mine.path}/keep", {k: str(v) for k, v in facts.items()})
        ).status_code == 404
        assert (await stranger.post(mine.path, {})).status_code == 404
