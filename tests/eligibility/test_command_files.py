"""Files given to `marketplace match`, `classify` and `apr`: whatever is in them, one line and exit 2, or an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from marketplace.cli import main

ODD: dict[str, bytes] = {
    "nothing": b"",
    "a list": b"- 1\n- 2\n",
    "a word": b"hello\n",
    "a tab": b"facts:\n\temployees_end: 5\n",
    "no text": bytes(range(256)),
    "nul": b"facts:\0 1",
    "too large": b"facts: {a: " + b"x" * 1_000_001 + b"}",
    "nested too deeply": b"[" * 3000,
    "a key twice": b"facts: {employees_end: 5, employees_end: 6}\n",
    "a long key twice": b"{" + b"k" * 900 + b": 1, " + b"k" * 900 + b": 2}\n",
    "a key of two lines twice": b'"a\\nb": 1\n"a\\nb": 2\n',
    "a merge": b"b: &b {employees_end: 5}\nfacts:\n  <<: *b\n",
    "itself": b"facts: &a {employees_end: *a}\n",
    "an object": b"facts: !!python/object/apply:os.system [echo]\n",
    "a truth value that is none": b"facts: {employees_end: !!bool abc}\n",
    "a day that is none": b"facts: {employees_end: !!timestamp abc}\n",
    "a code that is a number": b"facts: {industry_code: 3311}\nindustry_code: 3311\n",
    "a colour": b'facts: {entity_type: "\\x1b[31m"}\nindustry_code: "\\x1b[31m"\n',
    "two documents": b"facts: {}\n---\nfacts: {}\n",
}


@pytest.mark.parametrize("command", ["match", "classify", "apr"])
@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(
    command: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(content)
    assert main([command, str(path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"marketplace {command}: {path}: ")
    assert told.err.count("\n") == 1
    assert len(told.err) < 600
    assert told.err[:-1].isprintable()


def test_many_wrong_keys_take_no_time_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("facts:\n" + "".join(f"  k{n}: 1\n" for n in range(5000)), encoding="utf-8")
    assert main(["match", str(path)]) == 2
    assert len(capsys.readouterr().err) < 600


@pytest.mark.parametrize(
    "text",
    ['facts: {employees_end: 15, industry_code: "3311"}', '\ufeffemployees_end: 15\nindustry_code: "3311"\n'],
    ids=["under facts", "at the top, with a byte order mark"],
)
def test_the_inputs_of_a_size_may_stand_in_either_place(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(text, encoding="utf-8")
    assert main(["classify", str(path)]) == 0
    assert capsys.readouterr().out == "micro\n"


@pytest.mark.parametrize("command", ["match", "classify"])
@pytest.mark.parametrize("text", ["facts:\n  employees_end: 5\n", "employees_end: 5\n"])
def test_facts_may_stand_alone_or_under_their_name(
    command: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(text, encoding="utf-8")
    assert main([command, str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.get("undetermined") or told.get("possible")


@pytest.mark.parametrize(
    ("lang", "words"), [("en_US.UTF-8", "is no day; write one as"), ("zh_CN.UTF-8", "不是存在的日期")]
)
@pytest.mark.parametrize("day", ["2020-02-30", "20200415", "tomorrow", "2020-04-15T00:00"])
def test_a_day_that_is_none_is_told_in_the_terminals_language(
    day: str, lang: str, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", lang)
    with pytest.raises(SystemExit) as ended:
        main(["match", "-", "--as-of", day])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert words in told
    assert "fromisoformat" not in told


def test_what_is_wrong_with_a_file_is_told_in_the_terminals_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("facts: {employees_end: -1}\n", encoding="utf-8")
    told = {}
    for lang in ("en_GB.UTF-8", "zh_CN.UTF-8"):
        monkeypatch.setenv("LC_ALL", lang)
        assert main(["match", str(path)]) == 2
        told[lang] = capsys.readouterr().err
    assert told["en_GB.UTF-8"].isascii()
    assert not told["zh_CN.UTF-8"].isascii()
