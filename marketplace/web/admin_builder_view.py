"""The builder as its template draws it: each line with its fields, their words, what can be pressed, what is wrong.

Read from the bench and the vocabulary; nothing here changes anything.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from eligibility import Diagnostic, Fact, Vocabulary, diagnose
from eligibility.unparse import to_cel
from marketplace.i18n import translate
from marketplace.web.admin_builder_bench import Bench
from marketplace.web.admin_builder_fields import (
    OPERATORS,
    PLACES,
    ROOT,
    candidates,
    code_words,
)
from marketplace.web.admin_builder_rows import DAY, KINDS, LISTS, PREFIXES, Assembly, Cel, Group, Part, Row
from marketplace.web.facts_form import FINDERS, options_of, suffix_of

Choice = tuple[str, str]
ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a field, and what may have been meant: (deed of the button, its words)."""

    words: str
    offers: Sequence[Choice] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A field of a condition. kind: number, date, select, code. day: from which day it holds, for a later one."""

    name: str
    text: str
    kind: str
    label: str
    options: Sequence[Choice] = ()
    finder: str | None = None
    suffix: str | None = None
    fault: Fault | None = None
    day: Value | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A group, a condition or a row of CEL. number: as it is called ("2.1"). buttons: (verb, words, words for who
    hears them). adds: the buttons at a group's end.
    """

    path: str
    shape: str
    number: str
    nots: int
    kind: str = ""
    count: str = ""
    fact: str = ""
    fact_name: str = ""
    op: str = ""
    ops: Sequence[Choice] = ()
    values: Sequence[Value] = ()
    text: str = ""
    fault: Fault | None = None
    cited: tuple[str, str] | None = None
    buttons: Sequence[tuple[str, str, str]] = ()
    adds: Sequence[Choice] = ()
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """The builder as a page has it."""

    root: Line
    bench: Bench
    facts: Sequence[Choice]
    kinds: Sequence[Choice]
    held: Mapping[str, str] = field(default_factory=dict)

    @property
    def unfinished(self) -> dict[str, str]:
        """{field: words} of everything that is said by half."""
        return {name: words for name, words in _faults(self.root) if name in self.bench.problems}


def _faults(line: Line) -> Sequence[tuple[str, str]]:
    at = {"row": "fact", "cel": "cel"}.get(line.shape, "count")
    found = [(f"{line.path}.{at}", line.fault.words)] if line.fault else []
    for value in line.values:
        found += [(one.name, one.fault.words) for one in (value.day, value) if one is not None and one.fault]
    return [*found, *(fault for below in line.lines for fault in _faults(below))]


def shown(bench: Bench, lang: str, *, citing: bool = True) -> Shown:
    """The bench in words. citing: whether conditions say where the law has them."""
    vocabulary = Vocabulary.shipped()
    groups = {group.name: group.label(lang) for group in vocabulary.groups}
    held = {
        "rule_seen": bench.seen,
        "past": json.dumps(bench.past, ensure_ascii=False),
        "future": json.dumps(bench.future, ensure_ascii=False),
        "cites": json.dumps({k: list(v) for k, v in bench.cites.items() if any(v)}, ensure_ascii=False),
        "typing": "1" if bench.typing else "",
    }
    return Shown(
        root=_Drawing(bench, lang, vocabulary, citing=citing).line(bench.rows, ROOT, "", 1, 0),
        bench=bench,
        facts=[(f.label(lang), groups.get(f.group, "")) for f in vocabulary.facts.values()],
        kinds=[(kind, translate(lang, f"builder.kind.{kind}")) for kind in KINDS],
        held=held,
    )


class _Drawing:
    """One bench, one language."""

    def __init__(self, bench: Bench, lang: str, vocabulary: Vocabulary, *, citing: bool) -> None:
        self.bench, self.lang, self.vocabulary = bench, lang, vocabulary
        self.say = partial(translate, lang)
        self.citing = citing

    def line(self, part: Part, path: str, number: str, siblings: int, at: int) -> Line:
        outermost = path.count(".") == 1
        cited = part.cited if outermost and self.citing else None
        buttons = self.buttons(part, path, number, siblings, at) if path != ROOT else []
        match part:
            case Group(kind=kind, count=count, parts=parts):
                lines = [
                    self.line(one, f"{path}.{n}", f"{number}.{n + 1}".lstrip("."), len(parts), n)
                    for n, one in enumerate(parts)
                ]
                adds = [
                    (f"{verb}:{path}", self.say(f"builder.add.{verb}")) for verb in ("row", "group", "cel")
                ]
                fault = self.fault(f"{path}.count") or (
                    self.typed_fault(part, path) if kind == "at_least" else None
                )
                return Line(
                    path, "group", number, part.nots, kind=kind, count=count, fault=fault, cited=cited,
                    buttons=buttons, adds=adds, lines=lines,
                )  # fmt: skip
            case Row():
                return self.row(part, path, number, cited, buttons)
            case Cel(text=text):
                return Line(
                    path, "cel", number, part.nots, text=text, fault=self.typed_fault(part, path), cited=cited,
                    buttons=buttons,
                )  # fmt: skip
        raise TypeError(f"no line for {type(part).__name__}")

    def row(
        self,
        row: Row,
        path: str,
        number: str,
        cited: tuple[str, str] | None,
        buttons: Sequence[tuple[str, str, str]],
    ) -> Line:
        fact = self.vocabulary.facts.get(row.fact)
        values = self.values(row, fact, path, number) if fact else []
        broken = any(v.fault or (v.day and v.day.fault) for v in values)
        fault = self.fault(f"{path}.fact", row.fact) or (None if broken else self.typed_fault(row, path))
        return Line(
            path,
            "row",
            number,
            row.nots,
            fact=fact.label(self.lang) if fact else row.fact,
            fact_name=row.fact,
            op=row.op,
            ops=[(op, self.op_words(op, fact)) for op in OPERATORS[fact.type]] if fact else [],
            values=values,
            fault=fault,
            cited=cited,
            buttons=buttons,
            adds=self.row_adds(row, fact, path) if fact else [],
        )

    def row_adds(self, row: Row, fact: Fact, path: str) -> list[Choice]:
        """Another value for a list, another day for a single value."""
        if row.op in LISTS:
            return [(f"value:{path}", self.say("builder.add.value"))]
        if row.op in ("is", "startsWith") or fact.name == DAY:
            return []
        return [(f"later:{path}", self.say("builder.add.later"))]

    def op_words(self, op: str, fact: Fact) -> str:
        kind = "day" if fact.type == "date" else "yes" if fact.type == "bool" else "any"
        words = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne", "startsWith": "starts"}
        name = words.get(op, op)
        return self.say(f"builder.op.{name}_day" if kind == "day" and name in DAYS else f"builder.op.{name}")

    def values(self, row: Row, fact: Fact, path: str, number: str) -> list[Value]:
        found = [
            self.value(fact, row.op, f"{path}.v{at}", text, number) for at, text in enumerate(row.values)
        ]
        for at, (day, text) in enumerate(row.later, 1):
            since = self.value(self.vocabulary.facts[DAY], "<", f"{path}.d{at}", day, number, "since")
            found.append(self.value(fact, row.op, f"{path}.w{at}", text, number, day=since))
        return found

    def value(
        self,
        fact: Fact,
        op: str,
        name: str,
        text: str,
        number: str,
        label: str = "value",
        day: Value | None = None,
    ) -> Value:
        kind = {"date": "date", "bool": "select", "enum": "select", "code": "code"}.get(fact.type, "number")
        options = options_of(fact, self.lang) if kind == "select" else ()
        if options and text not in dict(options):  # shown as it is, never swapped for the first choice
            options = [(text, text or self.say("builder.choose")), *options]
        place = fact.codes in PLACES
        finder = FINDERS["place" if place else "industry"] if kind == "code" and op not in PREFIXES else None
        other = self.vocabulary.facts.get(text) if kind == "number" else None
        said = code_words(fact, text, self.lang) if kind == "code" else text
        return Value(
            name,
            other.label(self.lang) if other else said,
            kind,
            self.say(f"builder.{label}", n=number),
            options,
            finder,
            "0-1" if fact.unit == "ratio 0-1" else suffix_of(fact, self.lang),
            self.fault(name, text, fact),
            day,
        )

    def fault(self, name: str, text: str = "", fact: Fact | None = None) -> Fault | None:
        """What the assembly could not read at a field."""
        code = self.bench.problems.get(name)
        if code is None:
            return None
        offers: Sequence[Choice] = ()
        if code == "fact":
            offers = [(f"set:{name}={label}", label) for label in self.like(text)]
        elif code == "code" and fact is not None:
            offers = [(f"set:{name}={found}", words) for found, words in candidates(fact, text, self.lang)]
        return Fault(self.say(f"builder.fault.{code}", text=text), offers)

    def like(self, text: str) -> list[str]:
        """Facts that were perhaps meant: those whose words hold what was typed, then those that look like it."""
        labels = [fact.label(self.lang) for fact in self.vocabulary.facts.values()]
        inside = [label for label in labels if text and text.lower() in label.lower()]
        names = difflib.get_close_matches(text, list(self.vocabulary.facts), 3, ALIKE)
        near = [self.vocabulary.facts[name].label(self.lang) for name in names]
        alike = difflib.get_close_matches(text, labels, 3, ALIKE)
        return list(dict.fromkeys([*inside, *near, *alike]))[:4]

    def typed_fault(self, part: Part, path: str) -> Fault | None:
        """What the type checker says of one condition by itself."""
        if isinstance(part, Cel) and part.text:
            found = diagnose(part.text, self.vocabulary)
        else:
            assembly = Assembly(self.vocabulary)
            node = assembly.node(part, path)
            if node is None or assembly.problems or (isinstance(part, Group) and part.kind != "at_least"):
                return None
            found = diagnose(to_cel(node), self.vocabulary)
            found = tuple(d for d in found if d.code == "count_range") if isinstance(part, Group) else found
        return self.told(found[0], part, path) if found else None

    def told(self, found: Diagnostic, part: Part, path: str) -> Fault:
        if not isinstance(part, Cel) or found.suggestion is None:
            return Fault(found.message(self.lang))
        mended = part.text[: found.start] + found.suggestion + part.text[found.end :]
        return Fault(found.message(self.lang), [(f"set:{path}.cel={mended}", found.suggestion)])

    def buttons(
        self, part: Part, path: str, number: str, siblings: int, at: int
    ) -> list[tuple[str, str, str]]:
        verbs = ["up"] if at else []
        verbs += ["down"] if at < siblings - 1 else []
        verbs += ["negate", "wrap"]
        verbs += ["unwrap"] if isinstance(part, Group) and not part.nots else []
        return [
            (
                verb,
                self.say(f"builder.do.{verb}"),
                self.say("builder.do_on", deed=self.say(f"builder.do.{verb}"), n=number),
            )
            for verb in (*verbs, "remove")
        ]


DAYS = ("lt", "le", "gt", "ge")
