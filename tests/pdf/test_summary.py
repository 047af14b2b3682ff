"""A printed summary says what the document says, is sealed by nobody and takes no text for markup."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pdf.document import longest
from pdf.errors import DocumentIncomplete, TextRefused, TextTooLong
from pdf.fonts import FontSet
from pdf.summary import (
    MOST_ROWS,
    SummaryDocument,
    SummaryFigure,
    SummaryRow,
    SummarySection,
    SummaryWords,
    render_summary,
)
from tests.pdf import reading
from tests.pdf.test_hostile_text import MARKUP

WORDS = SummaryWords(
    platform="小微服务专栏",
    platform_line="山东省小微企业和个体工商户",
    policy="政策，怎么办",
    amount="金额",
    until="截止",
    none="没有。",
    strength_heading="仅供参考，不是决定",
    strength="按填写人自己的说法判断。",
    unsealed="没有登记，也不盖章。",
    missing_glyph="〓 处是字体里没有的字",
    page_of="第 {page} 页，共 {pages} 页",
)
ROW = SummaryRow(
    name="季度销售额不超过 30 万元，免征增值税",
    meta="财税〔2019〕13号，财政部 税务总局，减税",
    amount="8,400 元",
    until="2021年3月31日",
    how="自己申报享受，不用批；材料：不用报送资料",
)


def a_summary(**changes: Any) -> SummaryDocument:
    """A small one."""
    document = SummaryDocument(
        language="zh-CN",
        made_at=datetime(2020, 4, 15, 2, 32, tzinfo=UTC),
        words=WORDS,
        figures=(SummaryFigure("确定符合 1 项", "8,400 元", "合计"), SummaryFigure("还不能定 0 项", "—", "")),
        sections=(SummarySection((ROW,), "确定符合", ""), SummarySection((), "还不能定", "")),
        title="自查结果摘要",
        subject="济南汇泉小馆餐饮有限公司",
        made_text="按 2020年4月15日 的政策",
        version="政策库版本 2020-04-15.90",
    )
    return replace(document, **changes)


def of_rows(count: int) -> tuple[SummarySection, ...]:
    return (SummarySection((ROW,) * count, "确定符合", ""),)


def test_every_text_of_the_document_is_on_the_paper(fonts: FontSet) -> None:
    document = a_summary()
    told = "".join(reading.text(render_summary(document, fonts)).split())
    unprinted = {document.language, WORDS.missing_glyph, WORDS.page_of, ""}
    assert [
        each for each in document.texts() if each not in unprinted and "".join(each.split()) not in told
    ] == []
    assert "第1页，共1页" in told


def test_the_same_document_gives_the_same_bytes_with_embedded_fonts_and_no_signature(fonts: FontSet) -> None:
    pdf = render_summary(a_summary(), fonts)
    assert pdf == render_summary(a_summary(), fonts)
    assert {str(font["/BaseFont"])[8:] for font in reading.fonts(pdf)} == {
        "NotoSansSC-Regular",
        "NotoSansSC-Bold",
    }
    assert b"/ByteRange" not in pdf
    assert b"/Sig" not in pdf


def test_a_long_list_runs_over_pages_under_its_head_and_begins_on_the_first(fonts: FontSet) -> None:
    pages = reading.pages(render_summary(a_summary(sections=of_rows(60)), fonts))
    assert len(pages) > 3
    assert all(WORDS.policy in page for page in pages)
    assert all(WORDS.strength_heading in page for page in pages)


@pytest.mark.parametrize("attack", MARKUP)
def test_markup_is_printed_as_it_was_typed_and_does_nothing(fonts: FontSet, attack: str) -> None:
    text = MARKUP[attack]
    row = replace(ROW, name=text, meta=text, how=text)
    pdf = render_summary(a_summary(subject=text, sections=(SummarySection((row,), "x", text),)), fonts)
    assert reading.text(pdf).count("".join(text.split())) >= 5
    assert reading.links(pdf) == []
    assert all(found.get("/Subtype") != "/Image" for found in reading.objects(pdf))


def test_a_character_the_font_lacks_leaves_a_mark_and_its_explanation(fonts: FontSet) -> None:
    told = reading.text(render_summary(a_summary(subject="\U0001f600 公司"), fonts))
    assert "".join(WORDS.missing_glyph.split()) in "".join(told.split())


def test_the_fullest_document_there_can_be_is_printed(fonts: FontSet) -> None:
    names = {name: longest(SummaryRow, name) for name in ("name", "meta", "amount", "until", "how")}
    full = SummaryRow(**{name: "汉" * limit for name, limit in names.items()})
    sections = (SummarySection((full,) * MOST_ROWS, "汉" * 120, "汉" * 400),)
    assert len(reading.pages(render_summary(a_summary(sections=sections), fonts))) > 100


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"language": "fr"}, DocumentIncomplete),
        ({"made_at": datetime(2020, 4, 15)}, DocumentIncomplete),  # noqa: DTZ001 - a time without a zone is the case
        ({"figures": ()}, DocumentIncomplete),
        ({"title": ""}, DocumentIncomplete),
        ({"title": "x" * 81}, TextTooLong),
        ({"title": "a\0b"}, TextRefused),
        ({"sections": of_rows(MOST_ROWS + 1)}, TextTooLong),
    ],
)
def test_what_cannot_be_printed_is_refused_before_anything_is_drawn(
    changes: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        a_summary(**changes)
