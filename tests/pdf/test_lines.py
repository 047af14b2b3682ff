"""Lines break where a Chinese typesetter would break them, lose nothing and never run over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.documents.fonts import font_set
from pdf.lines import NEVER_FIRST, NEVER_LAST, atoms, break_lines, measure

FACE = font_set().load().regular
SIZE = 10.0
LETTERS = st.sampled_from(
    [
        "小",
        "微",
        "企业",
        "，",
        "。",
        "（",
        "）",
        "“",
        "”",
        "元",
        "年",
        "第",
        "一",
        "条",
        " ",
        "A",
        "IRR",
        "2",
        "27,360",
        "%",
        "-",
    ]
)
TEXTS = st.lists(LETTERS, max_size=60).map(lambda parts: " ".join("".join(parts).split()))


@given(TEXTS)
def test_pieces_put_together_are_the_text(text: str) -> None:
    assert "".join(atoms(text)) == text


@given(TEXTS, st.sampled_from([60.0, 137.0, 480.0]))
def test_lines_lose_nothing_but_blanks_at_their_ends(text: str, width: float) -> None:
    lines = break_lines(text, FACE, SIZE, width)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXTS, st.sampled_from([60.0, 137.0, 480.0]))
def test_no_line_runs_over(text: str, width: float) -> None:
    assert all(measure(line, FACE, SIZE) <= width + 0.01 for line in break_lines(text, FACE, SIZE, width))


@given(TEXTS)
def test_a_line_that_could_break_begins_and_ends_well(text: str) -> None:
    width = 300.0
    if any(measure(atom, FACE, SIZE) > width for atom in atoms(text)):
        return  # a piece wider than the line is cut where it must be
    lines = break_lines(text, FACE, SIZE, width)
    assert not any(line[0] in NEVER_FIRST for line in lines[1:])
    assert not any(line[-1] in NEVER_LAST for line in lines[:-1])


@pytest.mark.parametrize(
    "whole",
    ["27,360 元", "12 个月", "第十三条", "2020年", "A20200415-7K3M-9QX2", "4.10%", "（IRR）"],
)
def test_what_belongs_together_stays_together(whole: str) -> None:
    assert list(atoms(whole)) == [whole]


def test_a_word_longer_than_the_line_is_cut() -> None:
    lines = break_lines("x" * 500, FACE, SIZE, 100)
    assert len(lines) > 20
    assert "".join(lines) == "x" * 500
