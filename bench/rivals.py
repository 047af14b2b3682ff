"""Rivals the engine is measured against, each as strong as it can honestly be made.

None knows unknown facts or gives reasons; dates are given to them as numbers and the size class is not in the synthetic
rules. They come from requirements/bench.txt, which only `make bench` installs.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from eligibility import Rule
from eligibility.residual import inline
from eligibility.syntax import And, Arith, Call, Compare, In, ListOf, Literal, Node, Not, Or, Ref

Facts = Mapping[str, object]
Judge = Callable[[Facts], list[str]]
Compiled = Callable[[Facts], list[bool]]


@dataclass(frozen=True)
class Rival:
    """`build`: rules to a function from facts (through `facts`) to the ids that apply.

    `most`: the largest number of rules it is asked for; `enough`: about how many rule evaluations to time.
    """

    name: str
    build: Callable[[Mapping[str, Rule]], Judge]
    facts: Callable[[Facts], Facts]
    most: int
    enough: int


def compiled(rules: Mapping[str, Rule]) -> Compiled:
    """One function giving every rule's truth on complete facts: the floor of what plain Python can do."""
    lines = [f"  {python(inline(rule.root, rule.vocabulary))}," for rule in rules.values()]
    source = "def judge(f):\n return [\n" + "\n".join(lines) + "\n ]"
    scope: dict[str, object] = {"D": Decimal, "date": dt.date}
    exec(compile(source, "<rules>", "exec"), scope)
    found: Compiled = scope["judge"]  # type: ignore[assignment]
    return found


def one_function(rules: Mapping[str, Rule]) -> Judge:
    """The compiled function, and the ids of the rules that hold."""
    judge, ids = compiled(rules), list(rules)
    return lambda facts: [name for name, holds in zip(ids, judge(facts), strict=True) if holds]


def python(node: Node) -> str:
    """A rule as a Python expression over `f`."""
    match node:
        case And(operands=parts):
            return "(" + " and ".join(map(python, parts)) + ")"
        case Or(operands=parts):
            return "(" + " or ".join(map(python, parts)) + ")"
        case Not(operand=part):
            return f"(not {python(part)})"
        case Compare(op=op, left=a, right=b) | Arith(op=op, left=a, right=b):
            guard = " and ".join(f"f[{n!r}] is not None" for n in _refs(node))
            text = f"({python(a)} {op} {python(b)})"
            return f"({guard} and {text})" if isinstance(node, Compare) and guard else text
        case In(left=a, right=ListOf(items=items)):
            return f"({python(a)} in ({', '.join(map(python, items))},))"
        case Call(name="within", args=(a, ListOf(items=items))):
            return f"{python(a)}.startswith(({', '.join(map(python, items))},))"
        case Ref(name=name):
            return f"f[{name!r}]"
        case Literal(value=value):
            if isinstance(value, Decimal):
                return f"D('{value}')"
            return (
                f"date({value.year},{value.month},{value.day})" if isinstance(value, dt.date) else repr(value)
            )
    raise TypeError(f"the rival does not speak {type(node).__name__}")


def _refs(node: Node) -> list[str]:
    found = [node.name] if isinstance(node, Ref) else []
    return found + [name for child in node.children() for name in _refs(child)]


@dataclass(frozen=True)
class Dialect:
    """How another expression language writes what the synthetic rules use."""

    all: str
    any: str
    negation: str
    starts: str


CEL = Dialect(" && ", " || ", "!({})", "{}.startsWith({})")
ZEN = Dialect(" and ", " or ", "not({})", "startsWith({}, {})")
ARRAYS = Dialect(" & ", " | ", "~({})", "starts({}, {})")


def written(node: Node, how: Dialect) -> str:
    """A rule in another language; numbers as floats, days as their ordinals."""
    match node:
        case And(operands=parts):
            return how.all.join(f"({written(p, how)})" for p in parts)
        case Or(operands=parts):
            return how.any.join(f"({written(p, how)})" for p in parts)
        case Not(operand=part):
            return how.negation.format(written(part, how))
        case Compare(op=op, left=a, right=b):
            return f"{written(a, how)} {op} {written(b, how)}"
        case In(left=a, right=ListOf(items=items)):
            if how is ARRAYS:
                return " | ".join(f"({written(a, how)} == {written(i, how)})" for i in items)
            return f"{written(a, how)} in [{', '.join(written(i, how) for i in items)}]"
        case Call(name="within", args=(a, ListOf(items=items))):
            return how.any.join(how.starts.format(written(a, how), written(i, how)) for i in items)
        case Ref(name=name):
            return name
        case Literal(value=value):
            if isinstance(value, dt.date):
                return f"{float(value.toordinal())}"
            return f"{float(value)}" if isinstance(value, int | Decimal) else f"'{value}'"
    raise TypeError(f"the rival does not speak {type(node).__name__}")


def plain(facts: Facts) -> Facts:
    """Facts as other engines take them: floats, ordinals of days."""
    return {
        name: value
        if isinstance(value, bool | str)
        else float(value.toordinal() if isinstance(value, dt.date) else value)  # type: ignore[arg-type]
        for name, value in facts.items()
    }


def zen_table(rules: Mapping[str, Rule]) -> Judge:
    """zen-engine (GoRules, Rust): a decision table that collects, a rule a row."""
    import zen  # noqa: PLC0415 - only `make bench` installs it

    rows = [{"_id": n, "when": written(r.root, ZEN), "id": f"'{n}'"} for n, r in rules.items()]
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "when", "name": "when"}],
        "outputs": [{"id": "id", "name": "id", "field": "id"}],
        "rules": rows,
    }
    place = {"position": {"x": 0, "y": 0}}
    graph = {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", **place},
            {"id": "table", "type": "decisionTableNode", "name": "table", "content": table, **place},
            {"id": "out", "type": "outputNode", "name": "out", **place},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "b", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }
    decision = zen.ZenEngine().create_decision(json.dumps(graph))
    return lambda facts: [found["id"] for found in decision.evaluate(facts)["result"] or []]


def cel_programs(rules: Mapping[str, Rule]) -> Judge:
    """common-expression-language (Rust): each rule compiled, one context for all."""
    import cel  # noqa: PLC0415 - only `make bench` installs it

    programs = [(name, cel.compile(written(rule.root, CEL))) for name, rule in rules.items()]

    def matches(facts: Facts) -> list[str]:
        context = cel.Context(variables=dict(facts))
        return [name for name, program in programs if program.execute(context)]

    return matches


def openfisca(rules: Mapping[str, Rule]) -> Judge:
    """OpenFisca-core: each rule a variable of one person, calculated for one day."""
    import numpy as np  # noqa: PLC0415
    from openfisca_core import entities, periods, simulations, taxbenefitsystems, variables  # noqa: PLC0415

    person = entities.Entity("person", "persons", "", "")
    system = taxbenefitsystems.TaxBenefitSystem([person])
    used = sorted({name for rule in rules.values() for name in rule.facts})
    words = next(iter(rules.values())).vocabulary.facts

    def kind(name: str) -> type:
        return bool if words[name].type == "bool" else str if words[name].type in ("code", "enum") else float

    for name in used:
        made = {"value_type": kind(name), "entity": person, "definition_period": periods.DateUnit.ETERNITY}
        system.add_variable(type(name, (variables.Variable,), made))

    def starts(values: object, prefix: str) -> object:
        return np.char.startswith(np.asarray(values).astype(str), prefix)

    for name, rule in rules.items():
        parts = {n: n for n in rule.facts}
        judge = eval(f"lambda starts, {', '.join(parts)}: {written(rule.root, ARRAYS)}")

        made = {"value_type": bool, "entity": person, "definition_period": periods.DateUnit.DAY}
        made["formula"] = formula_of(judge, tuple(parts), starts)
        system.add_variable(type(name, (variables.Variable,), made))
    period = periods.period("2020-04-15")

    def matches(facts: Facts) -> list[str]:
        simulation = simulations.SimulationBuilder().build_default_simulation(system, 1)
        for name in used:
            simulation.set_input(name, period, np.array([facts[name]]))
        return [name for name in rules if simulation.calculate(name, period)[0]]

    return matches


def formula_of(judge: Callable[..., object], names: tuple[str, ...], starts: object) -> Callable[..., object]:
    """A variable's formula as OpenFisca calls it."""

    def formula(persons: Callable[..., object], period: object) -> object:
        return judge(starts, *(persons(name, period) for name in names))

    return formula


def as_given(facts: Facts) -> Facts:
    return facts


FORWARD = (
    Rival("all rules as one compiled Python function", one_function, as_given, 100_000, 3_000_000),
    Rival("zen-engine, decision table", zen_table, plain, 100_000, 2_000_000),
    Rival("common-expression-language", cel_programs, plain, 100_000, 2_000_000),
    Rival("OpenFisca-core, one person", openfisca, plain, 1_000, 20_000),
)
