"""Checking a paper in public: the API, the pages and the command line on papers really applied for and issued."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from loans import applications, confirmations
from loans.tables import Application, Confirmation
from marketplace.cli import main
from marketplace.documents.keys import CERTIFICATE, KEY, identity, trusted
from marketplace.documents.register import masked
from marketplace.i18n import translate
from marketplace.lending import state_of
from marketplace.settings import Settings
from pdf.errors import SigningKeyUnusable
from pdf.verify import LARGEST
from tests.factories import lending
from tests.factories.people import person
from tests.pdf import conftest
from tests.pdf.samples import english

Client = AsyncTestClient[Litestar]
API = "/api/v1/documents/verify"
NAME = "淄博和润食品有限公司"
BROKEN_FORMS = {
    "empty": b"",
    "boundary": b"--x",
    "blank": b"--x\r\n\r\n",
    "garbage": b"garbage",
    "not utf-8": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\xfe\r\n--x--\r\n',
    "odd charset": b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=no-such\r\n'
    b"\r\na\r\n--x--\r\n",
    "cut off": b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: a/b\r\n\r\n%PDF',
    "many parts": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\na\r\n' * 2000 + b"--x--\r\n",
}


@dataclass
class Issued:
    """An application, its owner and its paper."""

    owner: Actor
    application: Application
    paper: Confirmation


@pytest.fixture
async def issued(session: AsyncSession, settings: Settings, now: datetime) -> Issued:
    await lending.banks_and_products(session, now)
    owner = await person(session, now)
    application = (await lending.submitted(session, owner, now)).application
    press = state_of(settings).press
    paper = await confirmations.confirmation(
        session, owner, application.id, press=press, language="zh-CN", now=now
    )
    await session.commit()
    return Issued(owner, application, paper)


class TestApi:
    async def test_an_issued_paper_is_valid(self, client: Client, issued: Issued, now: datetime) -> None:
        for body in (
            {"content": issued.paper.pdf, "headers": {"content-type": "application/pdf"}},
            {"content": issued.paper.pdf},
            {"files": {"file": ("确认书.pdf", issued.paper.pdf, "application/pdf")}},
            {"files": {"file": ("x.pdf", issued.paper.pdf)}, "data": {"note": "another field"}},
        ):
            answer = await client.post(API, **body)  # type: ignore[arg-type]
            found = answer.json()
            assert answer.status_code == 200, found
            assert (found["valid"], found["finding"], found["altered"]) == (True, "valid", False)
            assert found["serial"] == issued.application.serial
            assert found["strength"] == "indicative"
            assert found["sha256"] == issued.paper.sha256
            assert datetime.fromisoformat(found["signed_at"]) == now.replace(microsecond=0)
            assert (found["bank"], found["application"]) == ("中国建设银行", "open")

    async def test_the_answer_speaks_the_language_asked_for(self, client: Client, issued: Issued) -> None:
        answer = (await client.post(f"{API}?lang=en", content=issued.paper.pdf)).json()
        assert answer["message"] == answer["messages"]["en"]
        assert answer["bank"] == "China Construction Bank"
        assert "没有变" in answer["messages"]["zh-CN"]

    @pytest.mark.parametrize(
        ("finding", "altered", "change"),
        [
            ("altered", True, lambda pdf: pdf[:5000] + bytes([pdf[5000] ^ 1]) + pdf[5001:]),
            ("appended", True, lambda pdf: pdf + b"\n"),
            ("truncated", True, lambda pdf: pdf[:-10]),
            ("not_pdf", None, lambda pdf: b"PK\x03\x04" + pdf),
            ("unsigned", None, lambda pdf: pdf[: pdf.index(b"%%EOF") + 6]),
        ],
    )
    async def test_a_changed_paper_is_not_valid_and_tells_nothing_else(
        self,
        client: Client,
        issued: Issued,
        finding: str,
        altered: bool | None,
        change: Callable[[bytes], bytes],
    ) -> None:
        answer = await client.post(API, content=change(issued.paper.pdf))
        found = answer.json()
        assert answer.status_code == 200
        assert (found["valid"], found["finding"], found["altered"]) == (False, finding, altered)
        assert {found[name] for name in ("serial", "strength", "signed_at", "signer", "bank")} == {None}

    async def test_our_seal_on_a_file_the_register_does_not_know_is_not_valid(
        self, client: Client, settings: Settings, now: datetime
    ) -> None:
        stray = await asyncio.to_thread(conftest.seal, english(), identity(settings.keys, now))
        found = (await client.post(API, content=stray)).json()
        assert (found["valid"], found["finding"], found["bank"]) == (False, "unregistered", None)

    async def test_a_second_sealing_of_a_known_number_is_not_valid(
        self, client: Client, settings: Settings, issued: Issued, now: datetime
    ) -> None:
        url = f"https://example.gov.cn/verify/{issued.paper.serial}"
        other = english(serial=issued.paper.serial, verify_url=url)
        sealed = await asyncio.to_thread(conftest.seal, other, identity(settings.keys, now))
        found = (await client.post(API, content=sealed)).json()
        assert (found["valid"], found["finding"]) == (False, "unregistered")

    async def test_a_request_without_a_file_is_refused(self, client: Client) -> None:
        for body in (
            {"content": b""},
            {"files": {"other": ("x.pdf", b"%PDF-")}},
            {"files": {"file": (None, "text")}},
        ):
            answer = await client.post(API, **body)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["code"]) == (422, "documents.file_missing")

    @pytest.mark.parametrize("form", BROKEN_FORMS.values(), ids=BROKEN_FORMS)
    async def test_broken_forms_are_refused(self, client: Client, form: bytes) -> None:
        answer = await client.post(
            API, content=form, headers={"content-type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code == 422, answer.text
        assert answer.json()["code"] in ("documents.file_missing", "documents.file_unreadable")

    async def test_a_form_without_a_boundary_is_refused(self, client: Client) -> None:
        answer = await client.post(API, content=b"x", headers={"content-type": "multipart/form-data"})
        assert answer.status_code == 422, answer.text

    @pytest.mark.parametrize("size", [LARGEST + 1, 20_000_000])
    async def test_a_large_file_is_refused_or_called_too_large_within_a_second(
        self, client: Client, size: int
    ) -> None:
        before = time.perf_counter()
        answer = await client.post(API, content=b"%PDF-1.4" + bytes(size - 8))
        assert time.perf_counter() - before < 1
        assert answer.status_code == 413 or answer.json()["finding"] == "too_large"

    async def test_the_certificate_is_public(self, client: Client, settings: Settings, now: datetime) -> None:
        answer = await client.get("/api/v1/documents/certificate.pem")
        assert answer.content == (settings.keys / CERTIFICATE).read_bytes()
        assert b"PRIVATE" not in answer.content


class TestPages:
    @pytest.mark.parametrize("change", [str, str.lower, lambda number: number.replace("0", "O")])
    async def test_a_known_number_shows_the_paper_without_personal_data(
        self, client: Client, issued: Issued, change: Callable[[str], str]
    ) -> None:
        answer = await client.get(f"/verify/{issued.paper.serial[0]}{change(issued.paper.serial[1:])}")
        assert answer.status_code == 200
        for expected in (
            issued.paper.serial,
            issued.paper.sha256,
            "中国建设银行",
            "初步意向",
            "淄博***有限公司",
        ):
            assert expected in answer.text
        for private in (NAME, issued.application.applicant["uscc"], "300,000", "王小雨", "370303"):
            assert private not in answer.text

    @pytest.mark.parametrize(
        "number", ["A20200415-0000-0000", "x", "..%2f..%2fetc", "%00", "A" * 5000, "%F0%9F%98%80", "<script>"]
    )
    async def test_an_unknown_number_is_a_404_that_says_what_to_do(self, client: Client, number: str) -> None:
        answer = await client.get(f"/verify/{number}")
        assert answer.status_code == 404
        assert "没有" in answer.text or "找不到" in answer.text
        assert "<script>" not in answer.text.replace('<script src="', "")

    async def test_a_typed_number_leads_to_its_page(self, client: Client, issued: Issued) -> None:
        answer = await client.get("/verify", params={"serial": f"  {issued.paper.serial.lower()} "})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/verify/{issued.paper.serial}")

    @pytest.mark.parametrize("typed", ["", "12", '"><script>alert(1)</script>'])
    async def test_a_number_that_is_none_is_pointed_out(self, client: Client, typed: str) -> None:
        answer = await client.get("/verify", params={"serial": typed})
        assert answer.status_code == 422
        assert 'href="#serial"' in answer.text
        assert "<script>alert" not in answer.text

    @pytest.mark.parametrize("lang", ["zh", "en"])
    async def test_a_file_is_checked_without_script(self, client: Client, issued: Issued, lang: str) -> None:
        token = await csrf(client, lang)
        good = await client.post(
            "/verify", files={"file": ("a.pdf", issued.paper.pdf)}, data={"_csrf_token": token}
        )
        assert good.status_code == 200
        code = "zh-CN" if lang == "zh" else "en"
        assert translate(code, "verify.finding.valid.title") in good.text
        assert issued.paper.serial in good.text
        bad = await client.post(
            "/verify", files={"file": ("a.pdf", issued.paper.pdf + b" ")}, data={"_csrf_token": token}
        )
        assert translate(code, "verify.finding.appended.title") in bad.text
        assert issued.paper.serial not in bad.text

    async def test_sending_the_form_without_a_file_is_pointed_out(self, client: Client) -> None:
        token = await csrf(client)
        for files in ({"file": ("", b"")}, {"x": ("x", b"y")}):
            answer = await client.post("/verify", files=files, data={"_csrf_token": token})
            assert answer.status_code == 422
            assert 'href="#file"' in answer.text

    async def test_a_form_from_elsewhere_is_refused(self, client: Client, issued: Issued) -> None:
        answer = await client.post("/verify", files={"file": ("a.pdf", issued.paper.pdf)})
        assert answer.status_code == 403

    @pytest.mark.parametrize("form", BROKEN_FORMS.values(), ids=BROKEN_FORMS)
    async def test_a_broken_form_is_refused_with_a_page(self, client: Client, form: bytes) -> None:
        await csrf(client)
        answer = await client.post(
            "/verify", content=form, headers={"content-type": "multipart/form-data; boundary=x"}
        )
        assert 400 <= answer.status_code < 500
        assert "<h1>" in answer.text

    @pytest.mark.parametrize("form", [b"\xff=%ff", b"_csrf_token=%ff%00", b"&&==;", b"a=b&" * 5000])
    async def test_a_form_of_the_other_kind_is_refused_with_a_page(self, client: Client, form: bytes) -> None:
        await csrf(client)
        answer = await client.post(
            "/verify", content=form, headers={"content-type": "application/x-www-form-urlencoded"}
        )
        assert 400 <= answer.status_code < 500

    async def test_a_file_of_20_megabytes_is_refused_with_a_page(self, client: Client) -> None:
        token = await csrf(client)
        answer = await client.post(
            "/verify", files={"file": ("a.pdf", bytes(20_000_000))}, data={"_csrf_token": token}
        )
        assert answer.status_code == 413
        assert "<h1>" in answer.text

    async def test_an_ended_application_is_said_to_have_ended(
        self, client: Client, session: AsyncSession, issued: Issued, now: datetime
    ) -> None:
        await applications.withdraw(session, issued.owner, issued.application.id, now=now)
        await session.commit()
        assert "已经结束" in (await client.get(f"/verify/{issued.paper.serial}")).text

    async def test_an_erased_paper_is_no_longer_known(
        self, client: Client, session: AsyncSession, issued: Issued
    ) -> None:
        await session.execute(delete(Confirmation).where(col(Confirmation.serial) == issued.paper.serial))
        await session.commit()
        assert (await client.get(f"/verify/{issued.paper.serial}")).status_code == 404


async def csrf(client: Client, lang: str = "zh") -> str:
    """The token of the form, as a browser without script sends it."""
    form = (await client.get(f"/verify?lang={lang}")).text
    return form.split('name="_csrf_token" value="')[1].split('"')[0]


class TestMasking:
    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            (NAME, "淄博***有限公司"),
            ("王小雨面馆", "王***馆"),
            ("王小雨", "王***"),
            ("王", "王***"),
            ("Zibo Foods Ltd", "Zi*** Ltd"),
        ],
    )
    def test_a_name_is_recognisable_to_its_bearer_only(self, name: str, shown: str) -> None:
        assert masked(name) == shown


class TestKeys:
    def test_they_are_made_once_and_the_key_is_private(self, tmp_path: Path, now: datetime) -> None:
        first, second = identity(tmp_path / "keys", now), identity(tmp_path / "keys", now)
        assert first.fingerprint == second.fingerprint
        assert (tmp_path / "keys" / KEY).stat().st_mode & 0o777 == 0o600

    def test_a_retired_certificate_stays_trusted(self, tmp_path: Path, now: datetime) -> None:
        old = identity(tmp_path, now).fingerprint
        (tmp_path / "retired").mkdir()
        (tmp_path / CERTIFICATE).rename(tmp_path / "retired" / "2020.pem")
        (tmp_path / KEY).unlink()
        new = identity(tmp_path, now).fingerprint
        assert new != old
        assert len(trusted(tmp_path)) == 2

    def test_a_damaged_certificate_is_named(self, tmp_path: Path, now: datetime) -> None:
        identity(tmp_path, now)
        (tmp_path / CERTIFICATE).write_text("damaged")
        with pytest.raises(SigningKeyUnusable):
            identity(tmp_path, now)


class TestCommand:
    @pytest.fixture
    def sealed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime) -> Path:
        monkeypatch.setenv("MARKETPLACE_HOME", str(tmp_path))
        file = tmp_path / "paper.pdf"
        file.write_bytes(conftest.seal(english(), identity(tmp_path / "keys", now)))
        return file

    def test_a_good_paper_is_0(self, sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify-pdf", str(sealed), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["valid"], found["serial"]) == (True, english().serial)
        assert main(["verify-pdf", str(sealed)]) == 0
        assert "没有变" in capsys.readouterr().out

    def test_a_changed_one_is_1(self, sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
        sealed.write_bytes(sealed.read_bytes().replace(b"%PDF-1", b"%PDF-2", 1))
        assert main(["verify-pdf", str(sealed), "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["finding"] == "altered"

    def test_a_huge_one_is_1_and_not_read_whole(
        self, sealed: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with sealed.open("r+b") as file:
            file.truncate(3_000_000_000)
        assert main(["verify-pdf", str(sealed), "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["finding"] == "too_large"

    @pytest.mark.parametrize("name", ["absent.pdf", ".", "keys/pdf_signer_key.pem/x"])
    def test_what_cannot_be_read_is_2(
        self, sealed: Path, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["verify-pdf", str(sealed.parent / name), "--json"]) == 2
        captured = capsys.readouterr()
        assert (captured.out, captured.err != "") == ("", True)

    def test_without_any_certificate_it_says_so(
        self,
        sealed: Path,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        certificate = sealed.parent / "keys" / CERTIFICATE
        monkeypatch.setenv("MARKETPLACE_HOME", str(tmp_path / "elsewhere"))
        assert main(["verify-pdf", str(sealed)]) == 2
        assert "--certificate" in capsys.readouterr().err
        assert main(["verify-pdf", str(sealed), "--certificate", str(certificate)]) == 0
        assert main(["verify-pdf", str(sealed), "--certificate", str(sealed)]) == 2
