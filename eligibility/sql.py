"""A rule as a PostgreSQL condition: true, false, or NULL while unknown facts leave it open.

Columns are typed and named like the facts; NULL in one is an unknown fact. That a fact is known to be none is a column
of its own (`<fact>__none`, NOT NULL), because SQL has one NULL and we have two meanings. Values are parameters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from eligibility.errors import EligibilityError
from eligibility.rule import Rule
from eligibility.size_standard import CLASSES, NOT_COVERED, SizeGroup
from eligibility.syntax import (
    And,
    Arith,
    Call,
    Compare,
    Cond,
    In,
    ListOf,
    Literal,
    Negate,
    Node,
    Not,
    Or,
    Ref,
    Scalar,
)
from eligibility.vocabulary import Fact

TYPES = {
    "enum": "text",
    "code": "text",
    "int": "bigint",
    "money": "numeric",
    "decimal": "numeric",
    "bool": "boolean",
    "date": "date",
}


class NotInSqlError(EligibilityError):
    """A part of a rule this compiler has no SQL for."""


@dataclass(frozen=True, slots=True)
class Sql:
    """`text` with $1, $2, ... for `params`, in order: a boolean expression over the columns of one enterprise."""

    text: str
    params: tuple[Scalar, ...]


def compile_sql(rule: Rule, column: Callable[[str], str] | None = None, *, first: int = 1) -> Sql:
    """The rule as SQL. `column` gives a fact's column (default: its quoted name); numbering starts at $`first`.

    Sound as three-valued logic is: never true or false where some completion says otherwise, but two complementary
    conditions on one unknown fact stay NULL. Raises NotInSqlError for months_between on facts.
    """
    writer = Writer(rule, column or (lambda name: f'"{name}"'), first)
    return Sql(writer.condition(rule.inlined), tuple(writer.params))


def columns_of(facts: Iterable[Fact]) -> list[tuple[str, str]]:
    """(name, SQL type) of the columns a table of enterprises needs for given facts."""
    found = []
    for fact in facts:
        found += [(fact.name, TYPES[fact.type]), (f"{fact.name}__none", "boolean NOT NULL DEFAULT false")]
    return found


class Writer:
    """One rule; parameters collect as the text grows."""

    def __init__(self, rule: Rule, column: Callable[[str], str], first: int) -> None:
        self.vocabulary, self.column, self.first = rule.vocabulary, column, first
        self.params: list[Scalar] = []

    def value(self, value: Scalar) -> str:
        """A written value as a typed parameter."""
        self.params.append(value)
        kind = {bool: "boolean", int: "numeric", Decimal: "numeric", str: "text", dt.date: "date"}[
            type(value)
        ]
        return f"${self.first + len(self.params) - 1}::{kind}"

    def none(self, name: str) -> str:
        """Whether a fact is known to be none."""
        return self.column(f"{name}__none")

    def condition(self, node: Node) -> str:
        match node:
            case And(operands=parts):
                return "(" + " AND ".join(map(self.condition, parts)) + ")"
            case Or(operands=parts):
                return "(" + " OR ".join(map(self.condition, parts)) + ")"
            case Not(operand=part):
                return f"(NOT {self.condition(part)})"
            case Compare(op=op, left=a, right=b):
                return self.compare(op, a, b)
            case In(left=a, right=ListOf(items=items)):
                return self.one_of(a, items)
            case Call(name=("within" | "startsWith"), args=(Ref(name=name), prefixes)):
                items = prefixes.items if isinstance(prefixes, ListOf) else (prefixes,)
                return self.known(
                    name, self.within(self.column(name), [str(self.constant(i)) for i in items])
                )
            case Call(name="at_least", args=(Literal(value=count), ListOf(items=items))):
                return self.at_least(int(count), [self.condition(i) for i in items])  # type: ignore[arg-type]
            case Cond(test=test, then=then, otherwise=otherwise):
                chosen, yes, no = self.condition(test), self.condition(then), self.condition(otherwise)
                return f"(SELECT (c AND {yes}) OR (NOT c AND {no}) FROM (VALUES ({chosen})) chosen(c))"
            case Ref(name=name):
                return self.known(name, self.column(name))
            case Literal(value=value):
                return "TRUE" if value is True else "FALSE"
        raise NotInSqlError(f"no SQL for {type(node).__name__}")

    def known(self, name: str, text: str) -> str:
        """False where the fact is known to be none."""
        return f"({text} AND NOT {self.none(name)})"

    def constant(self, node: Node) -> Scalar:
        if not isinstance(node, Literal):
            raise NotInSqlError("only a written value can stand here")
        return node.value

    def compare(self, op: str, a: Node, b: Node) -> str:
        size = self.size_of(a) or self.size_of(b)
        if size:
            wanted = str(self.constant(b if self.size_of(a) else a))
            inside = self.sizes({wanted})
            return inside if op == "==" else f"(NOT {inside})"
        sign = {"==": "=", "!=": "<>"}.get(op, op)
        text = f"{self.term(a)} {sign} {self.term(b)}"
        flags = "".join(f" AND NOT {self.none(name)}" for name in self.named(a, b))
        return f"({text}{flags})"

    def one_of(self, a: Node, items: tuple[Node, ...]) -> str:
        if self.size_of(a):
            return self.sizes({str(self.constant(i)) for i in items})
        values = ", ".join(self.value(self.constant(i)) for i in items)
        flags = "".join(f" AND NOT {self.none(name)}" for name in self.named(a))
        return f"({self.term(a)} IN ({values}){flags})"

    def named(self, *nodes: Node) -> list[str]:
        """The facts of some terms, each once."""
        found: dict[str, None] = {}
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if isinstance(node, Ref):
                found[node.name] = None
            stack.extend(node.children())
        return sorted(found)

    def size_of(self, node: Node) -> bool:
        return isinstance(node, Ref) and self.vocabulary.facts[node.name].computed is not None

    def within(self, column: str, prefixes: Iterable[str]) -> str:
        """Prefix ranges a btree index can use: `c >= '37' AND c < '38'` under the C collation."""
        parts = []
        for prefix in prefixes:
            after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
            parts.append(f"({column} >= {self.value(prefix)} AND {column} < {self.value(after)})")
        return "(" + " OR ".join(parts) + ")"

    def at_least(self, count: int, parts: list[str]) -> str:
        """Each part stands in the text once, so that nesting cannot double it."""
        rows = ", ".join(f"({p})" for p in parts)
        return (
            f"(SELECT CASE WHEN count(*) FILTER (WHERE v) >= {count} THEN TRUE "
            f"WHEN count(*) FILTER (WHERE v IS NOT FALSE) < {count} THEN FALSE END FROM (VALUES {rows}) parts(v))"
        )

    def term(self, node: Node) -> str:
        match node:
            case Literal(value=value):
                return self.value(value)
            case Ref(name=name):
                return self.column(name)
            case Negate(operand=part):
                return f"(- {self.term(part)})"
            case Arith(op="/", left=a, right=b) if self.whole(a) and self.whole(b):
                return f"div({self.term(a)}::numeric, {self.term(b)})"
            case Arith(op=op, left=a, right=b):
                return f"({self.term(a)}::numeric {op} {self.term(b)})"
            case Call(name=("min" | "max") as name, args=args):
                rows = ", ".join(f"({self.term(a)})" for a in args)
                return (
                    f"(SELECT CASE WHEN count(v) = count(*) THEN {name}(v) END FROM (VALUES {rows}) parts(v))"
                )
        raise NotInSqlError(f"no SQL for {type(node).__name__}")

    def whole(self, node: Node) -> bool:
        """Whether a term is a whole number, which CEL divides towards zero."""
        match node:
            case Literal(value=value):
                return isinstance(value, int) and not isinstance(value, bool)
            case Ref(name=name):
                return self.vocabulary.facts[name].type == "int"
            case Arith(left=a, right=b):
                return self.whole(a) and self.whole(b)
            case Negate(operand=part):
                return self.whole(part)
            case Call(args=args):
                return all(self.whole(a) for a in args)
        return False

    def sizes(self, wanted: set[str]) -> str:
        """The size class lies in `wanted`: by group of industries, then by floors that are met together or not.

        A code too short to say its group (70, which may become 701 or 704) leaves it open.
        """
        standard = self.vocabulary.size_standard
        code = self.column("industry_code")
        prefixes = [prefix for group in standard.groups for prefix in group.prefixes]
        short = sorted({p[:-1] for p in prefixes if len(p) > 2 and standard.group_of(p[:-1]) is None})
        parts = [
            f"({self.within(code, group.prefixes)} AND {self.group_sizes(group, wanted)})"
            for group in standard.groups
        ]
        if NOT_COVERED in wanted:
            found = (
                f"({self.none('industry_code')} OR NOT {self.within(code, prefixes)} OR {' OR '.join(parts)})"
            )
        else:
            found = f"(({' OR '.join(parts)}) AND NOT {self.none('industry_code')})"
        values = ", ".join(self.value(p) for p in short)
        return f"(CASE WHEN {code} IN ({values}) THEN NULL ELSE {found} END)"

    def group_sizes(self, group: SizeGroup, wanted: set[str]) -> str:
        """One range of ranks at a time: micro-or-small is "not medium", known from any shortfall alone."""
        found = []
        ranks = [rank for rank, name in enumerate(CLASSES) if name in wanted]
        for best in [rank for rank in ranks if rank - 1 not in ranks]:
            worst = best
            while worst + 1 in ranks:
                worst += 1
            found.append(f"({self.met(group, worst)} AND NOT {self.met(group, best - 1)})")
        return "(" + " OR ".join(found) + ")" if found else "FALSE"

    def met(self, group: SizeGroup, rank: int) -> str:
        """Every dimension meets the floor of class `rank` or better; always for micro, never above large."""
        if rank < 0:
            return "FALSE"
        if rank == 3:
            return "TRUE"
        parts = [
            f"({self.column(d)} >= {self.value(floors[rank])} AND NOT {self.none(d)})"
            for d, floors in group.floors.items()
        ]
        return "(" + " AND ".join(parts) + ")"
