"""No text of anybody's becomes markup, a link, a file or turns the page round; too much of it is refused at once."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pdf.confirmation import print_pages, render
from pdf.document import ConfirmationDocument, Reason
from pdf.errors import TextRefused, TextTooLong
from pdf.fonts import MISSING, FontSet
from pdf.signing import SigningIdentity
from pdf.verify import verify
from tests.pdf import reading
from tests.pdf.conftest import seal
from tests.pdf.samples import URL, chinese

MARKUP = {
    "an image of a local file": '<img src="/etc/passwd" width="9" height="9"/>',
    "an image of a URL": '<img src="http://127.0.0.1:9/x.png"/>',
    "a link": '<a href="file:///etc/passwd">here</a>',
    "a tag never closed": "<b><font color=red>",
    "a closing tag": "</para></font>",
    "a lone angle bracket": "a < b > c",
    "an ampersand": "A&B &amp; &#60;b&#62; &nope;",
    "a CDATA section": "<![CDATA[x]]>",
    "a sequence": "<seq/><onDraw name='x' label='y'/>",
    "PDF syntax": ") Tj ET /JavaScript (app.alert(1)) \\051 \\(",
    "a signature's range": "/ByteRange [0 1 2 3]",
    "a template": "{{ 7*7 }} {page} {pages} ${x} %(x)s",
}
FIELDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "enterprise_name": lambda text: {"enterprise_name": text},
    "purpose": lambda text: {"purpose": text},
    "a reason": lambda text: {"reasons": (Reason("第一条", text, "x"),)},
    "a condition": lambda text: {"conditions": (text,)},
    "the consent": lambda text: {"consent": text},
    "the product": lambda text: {"product_name": text},
}


def with_text(field: str, text: str) -> ConfirmationDocument:
    return chinese(**FIELDS[field](text))


class TestMarkup:
    @pytest.mark.parametrize("attack", MARKUP)
    def test_it_is_printed_as_it_was_typed_and_does_nothing(self, fonts: FontSet, attack: str) -> None:
        changes: dict[str, Any] = {}
        for make in FIELDS.values():
            changes |= make(MARKUP[attack])
        pdf = render(chinese(**changes), fonts)
        wanted = "".join(MARKUP[attack].split())
        assert reading.text(pdf).count(wanted) >= len(FIELDS) - 1  # the product's name is a table's cell too
        assert reading.links(pdf) == [URL]
        for found in reading.objects(pdf):
            assert found.get("/Subtype") != "/Image"
            assert not {"/JS", "/JavaScript", "/Launch", "/OpenAction", "/AA", "/EmbeddedFile"} & set(found)
            assert found.get("/S") in (None, "/URI", "/Transparency") or "/Type" in found

    def test_text_that_looks_like_a_signature_does_not_confuse_the_check(
        self, platform: SigningIdentity
    ) -> None:
        pdf = seal(with_text("enterprise_name", MARKUP["a signature's range"]), platform)
        assert verify(pdf, [platform.certificate]).valid


class TestCharacters:
    @pytest.mark.parametrize("name", ["NUL", "escape", "half a surrogate pair", "not a character", "C1"])
    @pytest.mark.parametrize("field", FIELDS)
    def test_what_is_no_text_is_refused(self, field: str, name: str) -> None:
        bad = {
            "NUL": "a\0b", "escape": "\x1b[31m", "half a surrogate pair": "\ud83d", "not a character": "\uffff",
            "C1": "\x9b",
        }[name]  # fmt: skip
        with pytest.raises(TextRefused):
            with_text(field, bad)

    def test_what_the_font_cannot_show_is_marked_and_the_mark_explained(self, fonts: FontSet) -> None:
        text = reading.text(render(with_text("enterprise_name", "好運😀食品𝕏公司"), fonts))
        assert f"好運{MISSING}食品{MISSING}公司" in text
        assert "〓表示字库里没有的字符" in text

    def test_a_paper_without_such_characters_does_not_speak_of_them(self, fonts: FontSet) -> None:
        assert MISSING not in reading.text(render(chinese(), fonts))

    @pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u061c"])
    def test_marks_that_turn_text_round_show_as_marks(self, fonts: FontSet, mark: str) -> None:
        text = reading.text(render(with_text("purpose", f"还款{mark}000,003 元"), fonts))
        assert f"还款{MISSING}000,003元" in text
        assert mark not in text

    def test_invisible_joiners_and_line_ends_vanish(self, fonts: FontSet) -> None:
        text = reading.text(
            render(with_text("purpose", "购\u200b进\ufeff原\u00ad料\r\n\u2028支付房租"), fonts)
        )
        assert "购进原料支付房租" in text

    @pytest.mark.parametrize("name", ["𠮷野家食品", "㐂顺饭店", "镕鑫机械"])
    def test_rare_characters_of_names_are_shown_or_marked_never_dropped(
        self, fonts: FontSet, name: str
    ) -> None:
        text = reading.text(render(with_text("enterprise_name", name), fonts))
        assert name in text or fonts.load().printable(name) in text
        assert len(fonts.load().printable(name)) == len(name)


class TestSize:
    @pytest.mark.parametrize("field", FIELDS)
    def test_400_000_characters_are_refused_at_once(self, field: str) -> None:
        before = time.perf_counter()
        with pytest.raises(TextTooLong):
            with_text(field, "<img src=x>" * 40_000)
        assert time.perf_counter() - before < 0.1

    def test_long_lists_are_refused(self) -> None:
        with pytest.raises(TextTooLong):
            chinese(conditions=("一个条件",) * 400_000)
        with pytest.raises(TextTooLong):
            chinese(reasons=(Reason("", "x", ""),) * 41)

    @pytest.mark.parametrize("filler", ["国", "W", "x", "😀", "“", "1", "a "])
    def test_the_longest_texts_of_any_kind_fit_the_page(self, fonts: FontSet, filler: str) -> None:
        def full(limit: int) -> str:
            return (filler * limit)[:limit]

        document = chinese(
            enterprise_name=full(120),
            purpose=full(200),
            status=full(120),
            amount=full(40),
            consent=full(900),
            seal_notice=full(500),
            reasons=(Reason(full(120), full(400), full(160)),) * 5,
            conditions=(full(300),) * 5,
            boxes=tuple(replace(box, meaning=full(90)) for box in chinese().boxes),
        )
        before = time.perf_counter()
        printed = print_pages(document, fonts)
        assert printed.pages < 12
        assert time.perf_counter() - before < 10
