"""A rule as a decision table: alternatives as rows, facts as columns, a cell what one row asks of one fact.

Cells are FEEL unary tests, so that one table serves spreadsheets and DMN. What one fact alone cannot say stands as CEL
in a column of its own; nothing of a rule is ever left out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

from eligibility import Rule, RuleError, Vocabulary, parse
from eligibility.parser import read as read_cel
from eligibility.syntax import And, Compare, Cond, In, ListOf, Literal, Negate, Node, Not, Or, Ref, Scalar
from eligibility.unparse import scalar, to_cel
from eligibility.vocabulary import Fact
from policies.errors import TableCell

MOST_ROWS = 60
ANY = "-"
NONE = "null"
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
AND = " && "


@dataclass(frozen=True, slots=True)
class Table:
    """`facts`: the columns. Each row has a cell for each of them, `-` for any value; `more`: CEL that all has to
    hold too, by row.
    """

    facts: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: tuple[tuple[str, ...], ...]


def table_of(rule: Rule) -> Table:
    """The table of a rule. One with more alternatives than MOST_ROWS keeps what has them as CEL."""
    rows = [_row(alternative, rule.vocabulary) for alternative in _alternatives(rule.root)]
    facts: dict[str, None] = {}
    for cells, _ in rows:
        facts.update(dict.fromkeys(cells))
    return Table(
        tuple(facts),
        tuple(tuple(cells.get(name, ANY) for name in facts) for cells, _ in rows),
        tuple(tuple(more) for _, more in rows),
    )


def _alternatives(root: Node) -> list[tuple[Node, ...]]:
    """Any of these, each all of its parts. "All of A and any of B, C" becomes two rows while there are few."""
    parts: list[list[tuple[Node, ...]]] = []
    for part in root.operands if isinstance(root, And) else (root,):
        found: list[tuple[Node, ...]] = [(part,)]
        if isinstance(part, Or):
            found = [one for operand in part.operands for one in _alternatives(operand)]
        if len(found) * _size(parts) > MOST_ROWS:
            found = [(part,)]
        parts.append(found)
    return [tuple(node for some in chosen for node in some) for chosen in product(*parts)]


def _size(parts: Iterable[Sequence[object]]) -> int:
    size = 1
    for part in parts:
        size *= len(part)
    return size


def _row(parts: Iterable[Node], vocabulary: Vocabulary) -> tuple[dict[str, str], list[str]]:
    """The cells of one alternative by fact, and what has no cell. Two tests of one fact are one interval or one cell
    and CEL.
    """
    cells: dict[str, str] = {}
    ends: dict[str, tuple[str, str]] = {}
    more: list[str] = []
    for part in parts:
        found = _test(part, vocabulary)
        if found is None:
            more.append(to_cel(part))
            continue
        name, cell = found
        if name not in cells:
            cells[name] = cell
        elif (both := _interval(cells[name], cell)) is not None and name not in ends:
            cells[name], ends[name] = both, (cells[name], cell)
        else:
            more.append(to_cel(part))
    return cells, more


def _interval(one: str, other: str) -> str | None:
    """`>= 5` and `< 9` as `[5..9)`; None for what is no interval."""
    low = next((each for each in (one, other) if each.startswith(">")), None)
    high = next((each for each in (one, other) if each.startswith("<")), None)
    if low is None or high is None:
        return None
    op_low, value_low = low.split(" ", 1)
    op_high, value_high = high.split(" ", 1)
    return f"{'[' if op_low == '>=' else '('}{value_low}..{value_high}{']' if op_high == '<=' else ')'}"


def _test(node: Node, vocabulary: Vocabulary) -> tuple[str, str] | None:
    """A condition on one fact as its name and a cell; None where it is no such condition."""
    match node:
        case Ref(name=name):
            return name, "true"
        case Not(operand=Ref(name=name)):
            # whoever is known to have none is told "not" as well
            fact = vocabulary.facts[name]
            return (name, "false") if not fact.nullable else (name, f"false, {NONE}")
        case Compare(op=op, left=left, right=right):
            if not isinstance(left, Ref):
                op, left, right = TURNED[op], right, left
            value = _value(right)
            if not isinstance(left, Ref) or value is None:
                return None
            return left.name, _compared(op, value, vocabulary.facts[left.name])
        case In(left=Ref(name=name), right=ListOf(items=items)):
            values = [_value(item) for item in items]
            return None if None in values or not values else (name, _listed(values))
        case Not(operand=In(left=Ref(name=name), right=ListOf(items=items))):
            values = [_value(item) for item in items]
            return None if None in values or not values else (name, f"not({_listed(values)})")
        case Not(operand=Compare(op="==", left=Ref(name=name), right=right)):
            value = _value(right)
            return None if value is None else (name, f"not({_feel(value)})")
    return None


def _compared(op: str, value: Scalar, fact: Fact) -> str:
    """A fact known to be none makes every comparison false, "differs from" too."""
    if op == "==":
        return _feel(value)
    if op == "!=":
        return f"not({_feel(value)}, {NONE})" if fact.nullable else f"not({_feel(value)})"
    return f"{op} {_feel(value)}"


def _listed(values: Iterable[Scalar | None]) -> str:
    return ", ".join(_feel(value) for value in values if value is not None)


def _value(node: Node) -> Scalar | None:
    """A written value; a minus before a number belongs to it."""
    if isinstance(node, Negate) and isinstance(node.operand, Literal):
        value = node.operand.value
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return -value
    return node.value if isinstance(node, Literal) else None


def _feel(value: Scalar) -> str:
    """A written value in FEEL, which writes days and decimals as CEL does here."""
    if isinstance(value, date):
        return f'date("{value.isoformat()}")'
    return scalar(value)


# --- back ---------------------------------------------------------------------------------------------------------

VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|date\("[0-9-]{10}"\)|-?\d+(?:\.\d+)?|true|false|null')
RANGE = re.compile(rf"([\[(\]])\s*({VALUE.pattern})\s*\.\.\s*({VALUE.pattern})\s*([\])\[])")
ORDERED = re.compile(rf"(<=|>=|<|>)\s*({VALUE.pattern})")


def rule_of(table: Table, vocabulary: Vocabulary | None = None) -> Rule:
    """The rule a table says. Raises TableCell with the row and column, RuleError for what does not type."""
    words = vocabulary or Vocabulary.shipped()
    alternatives = []
    for number, (cells, more) in enumerate(zip(table.rows, table.more, strict=True)):
        parts = []
        for at, (name, cell) in enumerate(zip(table.facts, cells, strict=True)):
            if cell.strip() in ("", ANY):
                continue
            fact = words.facts.get(name)
            if fact is None:
                raise TableCell(cell=name, row=-1, column=at)
            said = cel_of(fact, cell)
            if said is None:
                raise TableCell(cell=cell, row=number, column=at)
            parts += said
        for at, text in enumerate(more):
            try:
                node = read_cel(text)
            except RuleError as error:
                raise TableCell(cell=text, row=number, column=len(table.facts) + at) from error
            parts.append(f"({text})" if isinstance(node, Or | Cond) else text)
        alternatives.append(parts or ["true"])
    if not alternatives:
        raise TableCell(cell="", row=-1, column=0)
    if len(alternatives) == 1:
        return parse(AND.join(alternatives[0]), words)
    return parse(" || ".join(_bracketed(parts) for parts in alternatives), words)


def _bracketed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({AND.join(parts)})"


def cel_of(fact: Fact, cell: str) -> list[str] | None:
    """A cell as conditions that all hold; None for what is no test."""
    text = cell.strip()
    if (found := RANGE.fullmatch(text)) and NONE not in found.groups():
        opens, low, high, closes = found.groups()
        ends = f"{'>=' if opens == '[' else '>'} {low}", f"{'<=' if closes == ']' else '<'} {high}"
        return [f"{fact.name} {end}" for end in ends]
    if found := ORDERED.fullmatch(text):
        return None if found[2] == NONE else [f"{fact.name} {found[1]} {found[2]}"]
    negated = re.fullmatch(r"not\s*\((.*)\)", text, re.DOTALL)
    values = _values(negated[1] if negated else text)
    if not values:
        return None
    return _chosen(fact, values, negated=negated is not None)


def _values(text: str) -> list[str] | None:
    """Values with commas between them; None where something else stands there."""
    found, at = [], 0
    while True:
        match = VALUE.match(text, at + len(text[at:]) - len(text[at:].lstrip()))
        if match is None:
            return None
        found.append(match[0])
        rest = text[match.end() :].lstrip()
        if not rest:
            return found
        if not rest.startswith(","):
            return None
        at = len(text) - len(rest) + 1


def _chosen(fact: Fact, values: Sequence[str], *, negated: bool) -> list[str] | None:
    """One of some values, or none of them. `null` beside them says what becomes of whoever is known to have none."""
    none, kept = NONE in values, [value for value in values if value != NONE]
    if not kept:
        return None
    if fact.type == "bool":
        if len(kept) != 1 or kept[0] not in ("true", "false"):
            return None
        says = (kept[0] == "true") != negated
        return [fact.name if says else f"!{fact.name}"]
    one = kept[0] if len(kept) == 1 else f"[{', '.join(kept)}]"
    if not negated:
        return None if none else [f"{fact.name} {'==' if len(kept) == 1 else 'in'} {one}"]
    if len(kept) == 1:
        apart = f"{fact.name} != {one}"
        return [apart] if none or not fact.nullable else [f"!({fact.name} == {one})"]
    if none:
        return [f"{fact.name} != {value}" for value in kept]
    return [f"!({fact.name} in {one})"]


def same_cells(one: Table, other: Table) -> bool:
    """Whether two tables ask the same: columns may stand in another order."""
    return _by_fact(one) == _by_fact(other)


def _by_fact(table: Table) -> list[tuple[Mapping[str, str], tuple[str, ...]]]:
    return [
        (
            {n: c.strip() for n, c in zip(table.facts, cells, strict=True) if c.strip() not in ("", ANY)},
            tuple(text.strip() for text in more if text.strip()),
        )
        for cells, more in zip(table.rows, table.more, strict=True)
    ]
