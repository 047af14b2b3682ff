"""Where a rule is written: its text and its rows kept in step, what was before (undo), and where the law says what.

Everything is in the form itself, so that nothing of it needs script and no half-written rule is stored anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eligibility import RuleError, Vocabulary, diagnose
from eligibility.parser import read
from eligibility.unparse import to_cel
from marketplace.web.admin_builder_fields import ROOT, newly_chosen, rows_of
from marketplace.web.admin_builder_moves import moved
from marketplace.web.admin_builder_rows import Assembly, Group, Row, group_of

LONGEST_PAST = 20_000
"""Characters of earlier texts that are kept for undo; the oldest go first."""
MOST_PAST = 50
EMPTY = Group("all", (Row(op="=="),))

Cites = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Bench:
    """A rule while it is written. seen: the text the rows stand for; it differs from `text` while that has faults.

    problems: by field, why a row says nothing yet. typing: whether the last step of `past` is typing that goes on.
    torn: text and rows were both changed, each its own way. focus: the field to go to.
    """

    text: str
    seen: str
    rows: Group
    problems: Mapping[str, str] = field(default_factory=dict)
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    cites: Cites = field(default_factory=dict)
    typing: bool = False
    torn: bool = False
    focus: str = ""

    @property
    def citations(self) -> list[dict[str, str]]:
        """Which conditions are cited where, as a version keeps it."""
        return [
            {"condition": condition, "clause_zh": zh, "clause_en": en}
            for condition, (zh, en) in cited(self.rows).items()
            if zh or en
        ]


def begun(text: str, citations: Sequence[Mapping[str, Any]] = ()) -> Bench:
    """A stored rule laid out."""
    cites = {
        str(c.get("condition")): (str(c.get("clause_zh", "")), str(c.get("clause_en", ""))) for c in citations
    }
    return _from_text(Bench("", "", EMPTY, cites=cites), text, typing=False, remember=False)


def sent(form: Mapping[str, str], deed: str = "") -> Bench:
    """What a form holds after one of its buttons (`deed`) was pressed, or after something was typed."""
    verb, _, rest = deed.partition(":")
    if verb == "set":
        name, _, value = rest.partition("=")
        form = {**form, name: value} if name.startswith(f"{ROOT}.") else form
    if f"{ROOT}.kind" not in form:
        return begun(_lines(form.get("rule", "")))
    bench = _held(form)
    if verb in ("undo", "redo"):
        return _back(bench, verb)
    if verb == "fix":
        return _from_text(bench, fixed(bench.text, rest), typing=False)
    if verb == "use":
        return (
            _from_rows(bench, bench.rows) if rest == "rows" else _from_text(bench, bench.text, typing=False)
        )
    after = moved(bench.rows, deed)
    if after is not None:
        return _from_rows(bench, after[0], after[1])
    if verb == "set":
        return _from_rows(bench, bench.rows, rest.partition("=")[0])
    return _in_step(bench, typing=verb == "typing")


def _held(form: Mapping[str, str]) -> Bench:
    rows = rows_of(form, Vocabulary.shipped())
    cites = {**_pairs(form.get("cites", "")), **cited(rows)}
    return Bench(
        _lines(form.get("rule", "")),
        _lines(form.get("rule_seen", "")),
        rows,
        past=_texts(form.get("past", "")),
        future=_texts(form.get("future", "")),
        cites=cites,
        typing=form.get("typing") == "1",
        focus=newly_chosen(form, Vocabulary.shipped()),
    )


def _in_step(bench: Bench, *, typing: bool) -> Bench:
    """What was changed leads; where both were, each its own way, somebody has to choose."""
    written = text_of(bench.rows)[0]
    in_text = bench.text.strip() != bench.seen.strip()
    in_rows = written != canonical(bench.seen)
    if in_text and in_rows and not typing and canonical(bench.text) != written:
        return replace(bench, problems=text_of(bench.rows)[1], torn=True)
    if in_text:
        return _from_text(bench, bench.text, typing=typing)
    return _from_rows(bench, bench.rows, bench.focus)


def _from_rows(bench: Bench, rows: Group, focus: str = "") -> Bench:
    text, problems = text_of(rows)
    if text == canonical(bench.text):  # nothing new is said: the text keeps the shape somebody gave it
        return replace(bench, seen=bench.text, rows=rows, problems=problems, focus=focus)
    kept = _remembered(bench, bench.text if bench.text.strip() else bench.seen, typing=False)
    return replace(kept, text=text, seen=text, rows=rows, problems=problems, focus=focus)


def _from_text(bench: Bench, text: str, *, typing: bool, remember: bool = True) -> Bench:
    """The rows of a text; one with faults leaves them as they were."""
    if diagnose(text, Vocabulary.shipped()):
        return replace(bench, text=text, problems=text_of(bench.rows)[1])
    before = bench.seen if text == bench.text else bench.text
    kept = _remembered(bench, before, typing=typing) if remember and text != bench.seen else bench
    rows = group_of(read(text), Vocabulary.shipped())
    return replace(kept, text=text, seen=text, rows=with_cites(rows, bench), problems={})


def _remembered(bench: Bench, before: str, *, typing: bool) -> Bench:
    """With the text before added to what can be undone; typing without anything between is one step."""
    if typing and bench.typing:
        return bench
    return replace(bench, past=_bounded((*bench.past, before)), future=(), typing=typing)


def _back(bench: Bench, verb: str) -> Bench:
    source, other = (bench.past, bench.future) if verb == "undo" else (bench.future, bench.past)
    if not source:
        return _in_step(bench, typing=False)
    found = _from_text(replace(bench, typing=False), source[-1], typing=False, remember=False)
    if not source[-1]:  # before the first condition there was nothing
        found = replace(bench, text="", seen="", rows=EMPTY, problems={})
    current = bench.text if bench.text.strip() else bench.seen
    stacks = (source[:-1], _bounded((*other, current)))
    past, future = stacks if verb == "undo" else (stacks[1], stacks[0])
    focus = "undo" if past and (verb == "undo" or not future) else "redo"
    return replace(found, past=past, future=future, typing=False, focus=focus)


def text_of(rows: Group) -> tuple[str, dict[str, str]]:
    """The CEL the rows state, "" for none, and by field why some say nothing."""
    assembly = Assembly(Vocabulary.shipped())
    node = assembly.node(rows, ROOT)
    return ("" if node is None else to_cel(node)), assembly.problems


def canonical(text: str) -> str:
    """A text as the printer writes it; as it stands, without blanks around, where it does not parse."""
    try:
        return to_cel(read(text))
    except RuleError:
        return text.strip()


def fixed(text: str, fix: str) -> str:
    """A text with one place replaced: `start:end:words`. As it was where that names no place in it."""
    found = re.fullmatch(r"([0-9]{1,5}):([0-9]{1,5}):(.*)", fix, re.DOTALL)
    if found is None or not int(found[1]) <= int(found[2]) <= len(text):
        return text
    return text[: int(found[1])] + found[3] + text[int(found[2]) :]


def cited(rows: Group) -> dict[str, tuple[str, str]]:
    """Where the law says each outermost condition, by its CEL."""
    assembly, found = Assembly(Vocabulary.shipped()), {}
    for at, part in enumerate(rows.parts):
        node = assembly.node(part, f"{ROOT}.{at}")
        if node is not None:
            found[to_cel(node)] = part.cited
    return found


def with_cites(rows: Group, bench: Bench) -> Group:
    """Rows with what was cited for the same conditions, or for the same fact in the same place before."""
    assembly, parts = Assembly(Vocabulary.shipped()), []
    for at, part in enumerate(rows.parts):
        node = assembly.node(part, f"{ROOT}.{at}")
        known = bench.cites.get(to_cel(node)) if node is not None else None
        before = bench.rows.parts[at] if at < len(bench.rows.parts) else None
        if known is None and isinstance(part, Row) and isinstance(before, Row) and part.fact == before.fact:
            known = before.cited
        parts.append(replace(part, cited=known or ("", "")))
    return replace(rows, parts=tuple(parts))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _bounded(texts: tuple[str, ...]) -> tuple[str, ...]:
    kept, left = [], LONGEST_PAST
    for text in reversed(texts[-MOST_PAST:]):
        left -= len(json.dumps(text, ensure_ascii=False)) + 2
        if left < 0:
            break
        kept.append(text)
    return tuple(reversed(kept))


def _texts(held: str) -> tuple[str, ...]:
    found = _loaded(held)
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()


def _pairs(held: str) -> dict[str, tuple[str, str]]:
    found = _loaded(held)
    items = found.items() if isinstance(found, dict) else ()
    return {str(k): (str(v[0]), str(v[1])) for k, v in items if isinstance(v, list) and len(v) == 2}


def _loaded(held: str) -> object:
    """What a hidden field holds; nothing where somebody has changed it by hand."""
    try:
        return json.loads(held) if held else None
    except (ValueError, RecursionError):
        return None
