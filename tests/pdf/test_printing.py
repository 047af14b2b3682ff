"""A printed confirmation says what the document says, in both languages, with its own fonts and a QR code."""

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from pdf.confirmation import print_pages, render
from pdf.document import ConfirmationDocument, Reason, Strength
from pdf.errors import FontMissing
from pdf.fonts import FontSet
from tests.pdf import reading
from tests.pdf.samples import SERIAL, URL, chinese, english

SAMPLES = {"zh": chinese(), "en": english()}


@pytest.fixture(scope="module")
def printed(fonts: FontSet) -> dict[str, bytes]:
    return {name: render(document, fonts) for name, document in SAMPLES.items()}


class TestText:
    @pytest.mark.parametrize("name", SAMPLES)
    def test_every_text_of_the_document_is_on_the_paper(self, printed: dict[str, bytes], name: str) -> None:
        document, text = SAMPLES[name], reading.text(printed[name])
        unprinted = {document.language, document.words.missing_glyph, document.words.conditions_none}
        unprinted |= {document.words.page_of, *(strength.value for strength in Strength)}
        missing = [
            each
            for each in document.texts()
            if each not in unprinted and "".join(each.split()) not in text.replace("-\n", "-")
        ]
        assert missing == []

    def test_chinese_reads_as_chinese(self, printed: dict[str, bytes]) -> None:
        first = reading.pages(printed["zh"])[0]
        assert "融资申请确认书" in first
        assert "淄博和润食品有限公司" in first
        assert "300,000 元" in first

    @pytest.mark.parametrize("name", SAMPLES)
    def test_the_letter_is_one_page_and_reasons_and_consent_an_annex(
        self, printed: dict[str, bytes], name: str
    ) -> None:
        first, second = reading.pages(printed[name])
        words = SAMPLES[name].words
        assert words.next_heading in first
        assert words.seal_heading in first
        assert words.reasons_heading in second
        assert words.consent_heading in second

    def test_pages_are_counted(self, printed: dict[str, bytes]) -> None:
        counted = ["".join(page.split()) for page in reading.pages(printed["zh"])]
        assert "第1页，共2页" in counted[0]
        assert "第2页，共2页" in counted[1]

    @pytest.mark.parametrize("strength", Strength)
    def test_exactly_the_strength_of_the_document_is_marked(self, fonts: FontSet, strength: Strength) -> None:
        text = reading.text(render(chinese(strength=strength), fonts))
        names = {box.strength: box.name for box in chinese().boxes}
        marked = {each for each, name in names.items() if f"●{name}" in text}
        assert marked == {strength}

    def test_no_open_conditions_are_said_to_be_none(self, fonts: FontSet) -> None:
        assert "没有还要满足的条件。" in reading.text(render(chinese(conditions=()), fonts))


class TestFile:
    @pytest.mark.parametrize("name", SAMPLES)
    def test_every_font_is_an_embedded_subset_of_noto_sans_sc(
        self, printed: dict[str, bytes], name: str
    ) -> None:
        found = reading.fonts(printed[name])
        assert found
        for font in found:
            assert re.fullmatch(r"/[A-Z]{6}\+NotoSansSC-(Regular|Bold)", str(font["/BaseFont"]))
            descriptor = reading.resolved(font["/FontDescriptor"])
            assert len(reading.resolved(descriptor["/FontFile2"]).get_data()) > 1000
            assert "/ToUnicode" in font

    @pytest.mark.parametrize(("name", "most"), [("zh", 150_000), ("en", 60_000)])
    def test_a_paper_is_small(self, printed: dict[str, bytes], name: str, most: int) -> None:
        assert len(printed[name]) < most

    @pytest.mark.parametrize("name", SAMPLES)
    def test_title_language_and_time_are_in_the_metadata(self, printed: dict[str, bytes], name: str) -> None:
        document, reader = SAMPLES[name], PdfReader(BytesIO(printed[name]))
        assert reader.metadata is not None
        assert reader.metadata.title == f"{document.title} {SERIAL}"
        assert reader.metadata.creation_date == document.issued_at
        root = reading.resolved(reader.trailer["/Root"])
        assert root["/Lang"] == document.language
        assert reading.resolved(root["/ViewerPreferences"])["/DisplayDocTitle"]

    def test_pages_are_a4(self, printed: dict[str, bytes]) -> None:
        for page in PdfReader(BytesIO(printed["zh"])).pages:
            assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)

    def test_the_same_document_gives_the_same_bytes(self, printed: dict[str, bytes], fonts: FontSet) -> None:
        assert render(chinese(), fonts) == printed["zh"]

    def test_a_missing_font_is_named(self, tmp_path: Path) -> None:
        absent = tmp_path / "absent.ttf"
        with pytest.raises(FontMissing) as caught:
            render(chinese(), FontSet(absent, absent))
        assert caught.value.params["path"] == str(absent)


class TestQrCode:
    @pytest.mark.parametrize("name", SAMPLES)
    def test_the_code_scans_to_the_address_printed_beside_it(
        self, printed: dict[str, bytes], name: str
    ) -> None:
        assert reading.qr_codes(printed[name]) == [URL]
        assert URL in reading.text(printed[name])
        assert reading.links(printed[name]) == [URL]

    def test_the_longest_address_still_scans(self, fonts: FontSet) -> None:
        host = "service.small-and-micro-enterprises.shandong.example.gov.cn"
        url = f"https://{host}/a-portal/with-a-long-path/of-several/parts/verify/{SERIAL}"
        assert reading.qr_codes(render(chinese(verify_url=url), fonts)) == [url]

    def test_an_address_for_another_number_is_refused(self) -> None:
        with pytest.raises(Exception, match="document_incomplete"):
            chinese(verify_url="https://example.gov.cn/verify/A20200415-0000-0000")


class TestLongDocuments:
    def test_a_letter_too_long_for_one_page_runs_on_and_is_sealed_at_its_end(self, fonts: FontSet) -> None:
        long = chinese(conditions=tuple(f"第 {n} 个条件，说得清清楚楚。" for n in range(1, 21)))
        printed = print_pages(long, fonts)
        assert printed.pages > 1
        assert printed.seal_page == printed.pages - 1
        text = reading.text(printed.pdf)
        assert all("".join(each.split()) in text for each in long.conditions)
        assert long.words.annex_heading not in text

    def test_the_fullest_document_there_can_be_is_printed(self, fonts: FontSet) -> None:
        printed = print_pages(fullest(), fonts)
        assert 5 < printed.pages < 40

    def test_a_stored_document_comes_back_equal(self) -> None:
        assert ConfirmationDocument.from_json(chinese().to_json()) == chinese()


def fullest() -> ConfirmationDocument:
    """Every text as long as it may be, every list as full."""
    texts = {
        name: "国" * limit
        for name, limit in {
            "title": 40, "subtitle": 160, "issued_text": 60, "submitted_text": 60, "application_number": 40,
            "enterprise_name": 120, "uscc": 40, "bank_name": 80, "product_name": 80, "amount": 40, "term": 30,
            "annualised_rate": 40, "rate_method": 160, "repayment_method": 120, "purpose": 200, "total_cost": 40,
            "total_cost_note": 160, "status": 120, "consent": 900, "seal_notice": 500,
        }.items()
    }  # fmt: skip
    boxes = tuple(replace(box, name="国" * 24, meaning="国" * 90) for box in chinese().boxes)
    return chinese(
        **texts,
        boxes=boxes,
        reasons=(Reason("国" * 120, "国" * 400, "国" * 160),) * 40,
        conditions=("国" * 300,) * 40,
        next_steps=("国" * 300,) * 12,
    )
