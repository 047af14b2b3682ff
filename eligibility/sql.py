"""A rule as an SQL condition: true, false, or NULL while unknown facts leave it open. PostgreSQL and DuckDB alike.

Columns are typed and named like the facts; NULL in one is an unknown fact. That a fact is known to be none is a column
of its own (`<fact>__none`, NOT NULL), because SQL has one NULL and we have two meanings. Values are parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass

from eligibility.by_industry import codes_of, name_of, rows_by_code
from eligibility.compound import Compound, comparisons
from eligibility.consensus import completed
from eligibility.normal import Alternative
from eligibility.rule import Rule
from eligibility.size_standard import CLASSES, INPUTS, NOT_COVERED, SizeGroup
from eligibility.sql_sets import Comparisons
from eligibility.sql_terms import NotInSqlError, Parameters, Terms, has_end
from eligibility.syntax import And, Call, Compare, Cond, In, ListOf, Literal, Node, Not, Or, Scalar, names
from eligibility.values import Chosen, Ranges, Set, choices, cuts_of, exact_number
from eligibility.vocabulary import Fact, has_shape

__all__ = ["TYPES", "NotInSqlError", "Sql", "columns_of", "compile_sql"]

TYPES = {
    "enum": 'text COLLATE "C"',
    "code": 'text COLLATE "C"',
    "int": "bigint",
    "money": "numeric(18,2)",
    "decimal": "numeric(22,6)",
    "bool": "boolean",
    "date": "date",
}
MOST_ALTERNATIVES = 24
"""Beyond so many a rule is written as it stands."""


@dataclass(frozen=True, slots=True)
class Sql:
    """`text` with $1, $2, ... for `params`, in order: a boolean expression over the columns of one enterprise.

    `exact`: what it says is what `evaluate` says. Otherwise it may be NULL where `evaluate` knows.
    """

    text: str
    params: tuple[Scalar, ...]
    exact: bool


def compile_sql(rule: Rule, column: Callable[[str], str] | None = None, *, first: int = 1) -> Sql:
    """The rule as SQL. `column` gives a fact's column (default: its quoted name); numbering starts at $`first`.

    Never true or false where some completion says otherwise. It says all that `evaluate` does, unless a size class
    stands beside a fact it follows from, facts are compared with each other, or alternatives are too many: then it is
    three-valued logic over the parts, and `exact` is False. Raises NotInSqlError for conditions inside arithmetic and
    numbers of more than 38 digits.
    """
    writer = Writer(rule, column or (lambda name: f'"{name}"'), first)
    text, exact = writer.rule()
    return Sql(text, tuple(writer.parameters.values), exact)


def columns_of(facts: Iterable[Fact]) -> list[tuple[str, str]]:
    """(name, SQL type) of the columns a table of enterprises needs for given facts."""
    found = []
    for fact in facts:
        found += [(fact.name, TYPES[fact.type]), (f"{fact.name}__none", "boolean NOT NULL DEFAULT false")]
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """`text` where none of the facts `none` is known to be none; false where one is."""

    text: str
    none: tuple[str, ...] = ()


class Writer:
    """One rule; parameters collect as the text grows."""

    def __init__(self, rule: Rule, column: Callable[[str], str], first: int) -> None:
        self.root, self.column = rule.inlined, column
        self.parameters = Parameters(first)
        self.normaliser = Compound(rule.vocabulary)
        self.facts = self.normaliser.vocabulary.facts
        self.standard = rule.vocabulary.size_standard
        self.terms = Terms(rule.vocabulary, column, self.parameters)
        normal = self.normaliser.normal(rule)
        tied = self.normaliser.shared(rule, normal)
        self.alternatives = None if tied else completed(normal, self.normaliser, MOST_ALTERNATIVES)
        self.exact = self.alternatives is not None and not self.normaliser.leaves

    def rule(self) -> tuple[str, bool]:
        """The text, and whether it is exact."""
        used = [name for leaf in comparisons(self.root) for name in names(leaf)]
        once = len(used) == len(set(used))
        if self.alternatives is None or (once and is_plain(self.root)):
            sized = not {"sme_size"}.isdisjoint(used) and not set(INPUTS).isdisjoint(used)
            plain = once and not sized and not self.normaliser.leaves
            return self.closed(self.condition(self.root, True)), self.exact or plain
        return self.closed(self.normal(self.alternatives)), self.exact

    def none(self, name: str) -> str:
        """Whether a fact is known to be none."""
        return self.column(f"{name}__none")

    def closed(self, part: Part) -> str:
        """The whole of a part. The flags come last, so that a planner tries what an index knows before them."""
        if not part.none:
            return part.text
        flags = " OR ".join(self.none(name) for name in part.none)
        return f"({part.text} AND ({flags}) IS DISTINCT FROM TRUE)"

    def all_of(self, parts: Sequence[Part]) -> Part:
        if len(parts) == 1:
            return parts[0]
        none = tuple(dict.fromkeys(name for part in parts for name in part.none))
        return Part(" AND ".join(part.text for part in parts) or "TRUE", none) if parts else Part("TRUE")

    def any_of(self, parts: Sequence[Part]) -> Part:
        if len(parts) == 1:
            return parts[0]
        return Part("(" + " OR ".join(self.closed(part) for part in parts) + ")") if parts else Part("FALSE")

    def normal(self, alternatives: Sequence[Alternative]) -> Part:
        """Any of all of, what all alternatives share written once."""
        if not alternatives:
            return Part("FALSE")
        shared = [
            values
            for name, values in alternatives[0].items()
            if all(a.get(name) == values for a in alternatives)
        ]
        rest = [[values for values in a.values() if values not in shared] for a in alternatives]
        parts = [self.of_set(values) for values in shared]
        if all(rest):
            parts.append(self.any_of([self.all_of([self.of_set(values) for values in a]) for a in rest]))
        return self.all_of(parts)

    def condition(self, node: Node, positive: bool) -> Part:
        """The condition, or its negation, as it stands."""
        match node:
            case Not(operand=part):
                return self.condition(part, not positive)
            case And(operands=parts) | Or(operands=parts):
                found = [self.condition(part, positive) for part in parts]
                return self.all_of(found) if isinstance(node, And) == positive else self.any_of(found)
            case Call(name="at_least", args=(Literal(value=int(count)), ListOf(items=items))):
                needed = count if positive else len(items) - count + 1
                return self.at_least(needed, [self.closed(self.condition(item, positive)) for item in items])
            case Cond(test=test, then=then, otherwise=otherwise):
                chosen = self.closed(self.condition(test, True))
                yes, no = (self.closed(self.condition(part, positive)) for part in (then, otherwise))
                text = f"(VALUES ({chosen}, {yes}, {no})) chosen(c, y, n)"
                return Part(f"(SELECT (c AND y) OR (NOT c AND n) OR (y AND n) FROM {text})")
        found_set = self.normaliser.meaning(node, positive)
        if isinstance(found_set, bool):
            return Part("TRUE" if found_set else "FALSE")
        assert found_set is not None  # a comparison of several facts is a fact of its own
        return self.of_set(found_set)

    def at_least(self, count: int, parts: list[str]) -> Part:
        """Each part stands in the text once, so that nesting cannot double it."""
        rows = ", ".join(f"({part})" for part in parts)
        return Part(
            f"(SELECT CASE WHEN count(*) FILTER (WHERE v) >= {count} THEN TRUE "
            f"WHEN count(*) FILTER (WHERE v IS NOT FALSE) < {count} THEN FALSE END FROM (VALUES {rows}) parts(v))"
        )

    def of_set(self, values: Set) -> Part:
        """A fact's value lies in a set."""
        name = values.fact
        if name in self.normaliser.leaves:
            assert isinstance(values, Chosen)
            return self.compared(self.normaliser.leaves[name], bool(values.bits & 2))
        fact, column, none = self.facts[name], self.column(name), self.none(name)
        if isinstance(values, Ranges):
            text, with_none = (
                Comparisons(fact, column, self.parameters).ranges(values.start, values.cuts),
                values.none,
            )
        elif fact.computed:
            return Part(self.sizes({word for at, word in enumerate(choices(fact)) if values.bits >> at & 1}))
        else:
            text, with_none = self.chosen(fact, column, values.bits)
        return self.three_valued(name, column, none, text, with_none, self.normaliser.unknown(values))

    def three_valued(
        self, name: str, column: str, none: str, text: str, with_none: bool, unknown: int
    ) -> Part:
        """`text`, which is NULL where the column is, with what the set says of none and of an unknown fact."""
        if text == "TRUE" and unknown == 2:
            return Part("TRUE") if with_none else Part("TRUE", (name,))
        if text in ("TRUE", "FALSE"):  # which is not NULL anywhere
            known = f"{column} IS {'NOT ' if text == 'TRUE' else ''}NULL"
            text = f"({known} {'OR' if text == 'TRUE' else 'AND'} NULL::boolean)"
        if unknown == 2:
            text = f"({text} OR {column} IS NULL)"
        elif unknown == 0:
            text = f"({text} AND {column} IS NOT NULL)"
        if with_none:
            return Part(f"({text} OR {none})")
        return Part(text, () if unknown == 0 else (name,))

    def chosen(self, fact: Fact, column: str, bits: int) -> tuple[str, bool]:
        """The value is one of those with a bit; and whether none is among them."""
        every = choices(fact)
        inside = [word for at, word in enumerate(every) if bits >> at & 1]
        outside = [word for word in every if word not in inside]
        with_none = bool(bits >> (len(every) + 1) & 1)
        if fact.type == "bool":
            if not inside or not outside:
                return ("TRUE" if inside else "FALSE"), with_none
            return (column if inside[0] is True else f"(NOT {column})"), with_none
        other = bool(bits >> len(every) & 1)
        listed = outside if other else inside
        if not listed:
            return ("TRUE" if other else "FALSE"), with_none
        words = [self.parameters.typed(str(word), "text") for word in listed]
        if len(words) == 1:
            return f"{column} {'<>' if other else '='} {words[0]}", with_none
        return f"{column} {'NOT IN' if other else 'IN'} ({', '.join(words)})", with_none

    def compared(self, leaf: Node, positive: bool) -> Part:
        """A comparison of several facts, or of one in a way that makes no set of values."""
        match leaf:
            case Compare(op=op, left=left, right=right):
                (a, b), _ = self.terms.alike(self.terms.term(left), self.terms.term(right))
                text = f"{a} {({'==': '=', '!=': '<>'}).get(op, op)} {b}"
            case In(left=left, right=ListOf(items=items)):
                found = self.terms.term(left)
                numbers = [exact_number(item.value) for item in items if isinstance(item, Literal)]
                values = [number / found.scale for number in numbers]
                kept = ", ".join(self.parameters.number_of(value) for value in values if has_end(value))
                text = f"{found.text} IN ({kept})" if kept else f"{found.text} <> {found.text}"
            case _:
                raise NotInSqlError(f"no SQL for {type(leaf).__name__}")
        part = Part(f"({text})", tuple(sorted(names(leaf))))
        return part if positive else Part(f"(NOT {self.closed(part)})")

    def sizes(self, wanted: AnySet[object]) -> str:
        """The size class lies in `wanted`: by group of industries, then by floors that are met together or not.

        Not covered is left to the negation, so that an unknown industry, which may always be one not covered, comes
        out as NULL or false by itself.
        """
        if NOT_COVERED in wanted:
            return f"(NOT {self.sizes({*CLASSES} - wanted)})"
        industry = self.facts[INPUTS[0]]
        column = self.column(industry.name)
        by_group = {name_of(group): self.group_sizes(group, wanted) for group in self.standard.groups}
        pieces = rows_by_code(self.standard)
        parts = []
        for name, text in by_group.items():
            codes = codes_of(name, pieces)
            where = Comparisons(industry, column, self.parameters).ranges(codes.start, codes.cuts)
            if text != "FALSE":
                parts.append(f"({where} AND {text})")
        found = f"({' OR '.join(parts)})" if parts else "FALSE"
        short: Mapping[str, str] = {
            code: " OR ".join(by_group[name] for name in groups if name)
            for code, _, groups in pieces
            if len(groups) > 1 and has_shape(industry, code)
        }
        cases = "".join(
            f"WHEN {column} = {self.parameters.typed(code, 'text')} THEN NULL::boolean AND ({text}) "
            for code, text in short.items()
        )
        whole = f"CASE {cases}ELSE {found} END" if cases else found
        return f"(({whole}) AND NOT {self.none(industry.name)})"

    def group_sizes(self, group: SizeGroup, wanted: AnySet[object]) -> str:
        """One range of ranks at a time: micro-or-small is "not medium", known from any shortfall alone."""
        found = []
        ranks = [rank for rank, name in enumerate(CLASSES) if name in wanted]
        for best in [rank for rank in ranks if rank - 1 not in ranks]:
            worst = best
            while worst + 1 in ranks:
                worst += 1
            ends = [self.met(group, worst)] if worst < len(CLASSES) - 1 else []
            ends += [f"NOT {self.met(group, best - 1)}"] if best > 0 else []
            found.append("(" + (" AND ".join(ends) or "TRUE") + ")")
        return "(" + " OR ".join(found) + ")" if found else "FALSE"

    def met(self, group: SizeGroup, rank: int) -> str:
        """Every dimension meets the floor of a class."""
        parts = []
        for name, floors in group.floors.items():
            fact = self.facts[name]
            met = Comparisons(fact, self.column(name), self.parameters).ranges(
                False, cuts_of(fact, floors[rank])[:1]
            )
            parts.append(f"({met} AND NOT {self.none(name)})")
        return "(" + " AND ".join(parts) + ")"


def is_plain(node: Node) -> bool:
    """Whether a condition is made of "and", "or" and "not" alone."""
    match node:
        case And(operands=parts) | Or(operands=parts):
            return all(map(is_plain, parts))
        case Not(operand=part):
            return is_plain(part)
        case Cond() | Call(name="at_least"):
            return False
    return True
