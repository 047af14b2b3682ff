"""A rule as a DMN 1.3 decision table that any standard engine reads, for people who check our rules with their tools.

DMN knows no "not known yet": the table is for enterprises of which everything is known, and there it says what we say.
The first row that fits decides and the last row fits everybody, since not every engine knows a default output.
"""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from eligibility import Rule, Vocabulary, parse
from eligibility.parser import read as read_cel
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
    names,
)
from eligibility.unparse import scalar
from eligibility.vocabulary import Fact
from policies.decision_table import ANY, Table, table_of
from policies.tables import PolicyVersion

MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"
NAMESPACE = "urn:small-business-service-center:policies"
TYPES = {"enum": "string", "code": "string", "bool": "boolean", "date": "date"}
"""FEEL types by the vocabulary's; every other is a number."""
OUTPUT = "applies"


def written(version: PolicyVersion) -> bytes:
    """The decision of one version's rule."""
    rule = parse(version.rule, Vocabulary.shipped())
    table = table_of(rule)
    conditions = list(dict.fromkeys(text for more in table.more for text in more))
    root = Element("definitions", xmlns=MODEL, namespace=NAMESPACE, id="definitions", name=version.policy_id)
    _text(
        root, "description", f"{version.policy_id} v{version.version}: {version.name_zh} / {version.name_en}"
    )
    facts = [rule.vocabulary.facts[name] for name in _named(table, conditions)]
    for fact in facts:
        _input_data(root, fact)
    decision = SubElement(root, "decision", id="decision", name=OUTPUT)
    _text(decision, "description", f"{version.clause_zh} / {version.clause_en}")
    SubElement(decision, "variable", id="variable_applies", name=OUTPUT, typeRef="boolean")
    for fact in facts:
        needed = SubElement(decision, "informationRequirement", id=f"needs_{fact.name}")
        SubElement(needed, "requiredInput", href=f"#input_{fact.name}")
    _table(decision, rule, table, conditions)
    indent(root)
    found: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return found


def _named(table: Table, conditions: Iterable[str]) -> list[str]:
    """Every fact the table asks for, in columns first."""
    more = sorted({name for text in conditions for name in names(read_cel(text))})
    return list(dict.fromkeys([*table.facts, *more]))


def _type(fact: Fact) -> str:
    return TYPES.get(fact.type, "number")


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text


def _input_data(root: Element, fact: Fact) -> None:
    data = SubElement(root, "inputData", id=f"input_{fact.name}", name=fact.name)
    _text(data, "description", f"{fact.label_zh} / {fact.label_en}")
    SubElement(data, "variable", id=f"variable_{fact.name}", name=fact.name, typeRef=_type(fact))


def _table(decision: Element, rule: Rule, table: Table, conditions: list[str]) -> None:
    made = SubElement(decision, "decisionTable", id="table", hitPolicy="FIRST", outputLabel=OUTPUT)
    for name in table.facts:
        _column(made, name, name, _type(rule.vocabulary.facts[name]))
    for at, text in enumerate(conditions, 1):
        _column(made, f"condition_{at}", feel(read_cel(text), rule.vocabulary), "boolean")
    SubElement(made, "output", id="output", name=OUTPUT, label=OUTPUT, typeRef="boolean")
    for number, (cells, more) in enumerate(zip(table.rows, table.more, strict=True), 1):
        asked = ["true" if text in more else ANY for text in conditions]
        _row(made, number, [*cells, *asked], "true")
    everybody = [ANY] * (len(table.facts) + len(conditions))
    _row(made, len(table.rows) + 1, everybody, "false")


def _column(made: Element, name: str, expression: str, kind: str) -> None:
    column = SubElement(made, "input", id=f"column_{name}", label=name)
    asked = SubElement(column, "inputExpression", id=f"expression_{name}", typeRef=kind)
    _text(asked, "text", expression)


def _row(made: Element, number: int, cells: Iterable[str], says: str) -> None:
    row = SubElement(made, "rule", id=f"rule_{number}")
    for at, cell in enumerate(cells, 1):
        _text(SubElement(row, "inputEntry", id=f"entry_{number}_{at}"), "text", cell)
    _text(SubElement(row, "outputEntry", id=f"says_{number}"), "text", says)


def feel(node: Node, words: Vocabulary) -> str:
    """A condition as a FEEL expression that is true exactly where ours is, of a fact known to be none too."""

    def part(each: Node) -> str:
        return feel(each, words)

    match node:
        case Literal(value=value):
            return scalar(value)
        case Ref(name=name):
            return name
        case Negate(operand=operand):
            return f"-({part(operand)})"
        case Not(operand=operand):
            # FEEL's not(null) is null, while "not" of what does not hold is true here
            return f"(if {part(operand)} then false else true)"
        case And(operands=operands):
            return f"({' and '.join(map(part, operands))})"
        case Or(operands=operands):
            return f"({' or '.join(map(part, operands))})"
        case Compare(op=op, left=left, right=right):
            return _compared(op, left, right, words)
        case In(left=left, right=ListOf(items=items)):
            return f"({part(left)} in ({', '.join(map(part, items))}))"
        case Arith(op=op, left=left, right=right):
            said = f"({part(left)} {op} {part(right)})"
            whole = op == "/" and _whole(left, words) and _whole(right, words)
            return f"(if {said} < 0 then ceiling({said}) else floor({said}))" if whole else said
        case Cond(test=test, then=then, otherwise=otherwise):
            return f"(if {part(test)} then {part(then)} else {part(otherwise)})"
        case Call(name=name, args=args):
            return _called(name, args, words)
    raise TypeError(f"no FEEL for {type(node).__name__}")


def _whole(node: Node, words: Vocabulary) -> bool:
    """Whether a number is a whole one by its type: those divide towards zero here, and exactly in FEEL."""
    match node:
        case Literal(value=value):
            return isinstance(value, int)
        case Ref(name=name):
            return words.facts[name].type == "int"
        case Call(name=("min" | "max" | "months_between") as name, args=args):
            return name == "months_between" or all(_whole(one, words) for one in args)
        case Cond(then=then, otherwise=otherwise):
            return _whole(then, words) and _whole(otherwise, words)
        case Arith() | Negate():
            return all(_whole(one, words) for one in node.children())
    return False


def _compared(op: str, left: Node, right: Node, words: Vocabulary) -> str:
    said = f"{feel(left, words)} {'=' if op == '==' else op} {feel(right, words)}"
    if op not in ("==", "!="):
        return f"({said})"
    # null equals null in FEEL, and differs from everything else
    there = [f"{name} != null" for name in sorted(names(left) | names(right)) if words.facts[name].nullable]
    return f"({' and '.join([*there, said])})"


def _called(name: str, args: tuple[Node, ...], words: Vocabulary) -> str:
    match name, args:
        case "startsWith", (code, prefix):
            return f"starts with({feel(code, words)}, {feel(prefix, words)})"
        case "within", (code, ListOf(items=items)):
            tests = [f"starts with({feel(code, words)}, {feel(item, words)})" for item in items]
            return f"({' or '.join(tests)})"
        case "at_least", (count, ListOf(items=items)):
            hold = ", ".join(feel(item, words) for item in items)
            return f"(count([{hold}][item = true]) >= {feel(count, words)})"
        case "months_between", (start, end):
            span = f"years and months duration({feel(start, words)}, {feel(end, words)})"
            return f"({span}.years * 12 + {span}.months)"
        case (("min" | "max"), _):
            return f"{name}({', '.join(feel(one, words) for one in args)})"
    raise TypeError(f"no FEEL for {name}")
