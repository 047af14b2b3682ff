"""Decision tables that leave the house: a DMN engine of somebody else's decides as we do, and a table says its rule."""

import json
from decimal import Decimal

import pyDMNrules
import pytest

from eligibility import RuleError, Status, evaluate, parse
from eligibility.analyse import differences
from eligibility.derive import derived_values
from eligibility.specimens import specimens
from marketplace.shipped import shipped_policies
from policies import content, dmn
from policies.decision_table import rule_of, table_of
from policies.errors import TableCell
from policies.tables import PolicyVersion

SIMPLE = [entry for entry in shipped_policies() if not any(table_of(parse(entry["rule"])).more)]
"""Policies whose whole rule stands in cells: what that engine reads; it knows no FEEL functions in columns."""


@pytest.mark.parametrize("entry", SIMPLE[::6], ids=lambda entry: entry["id"])
def test_another_engine_decides_as_we_do_where_everything_is_known(entry: dict[str, object]) -> None:
    row = PolicyVersion(policy_id=entry["id"], version=1, **content.from_pack(entry))
    engine = pyDMNrules.DMN()
    assert "errors" not in engine.useXML(dmn.written(row).decode().partition("?>")[2])
    rule = parse(row.rule)
    found = specimens(rule, row.effective_from, row.effective_to, 5)
    tried = [one for pair in (*found.edges.values(), *found.choices) for one in (pair.one, pair.other)]
    judged = set()
    for specimen in [*tried, *found.kinds.values()]:
        given_ = specimen.facts.on(specimen.day, rule.vocabulary)
        verdict = evaluate(rule, given_).status
        known = {**given_, **derived_values(given_)}
        apart = {
            name for name, value in known.items() if isinstance(value, list)
        }  # a size that can be several
        if verdict is Status.UNDETERMINED or not rule.facts <= known.keys() - apart:
            continue
        asked = {name: float(v) if isinstance(v := known[name], Decimal) else v for name in rule.facts}
        status, decided = engine.decide(asked)
        assert "errors" not in status, (asked, status)
        last = decided[-1] if isinstance(decided, list) else decided
        assert last["Result"]["applies"] is (verdict is Status.ELIGIBLE), (asked, json.dumps(row.rule))
        judged.add(verdict)
    assert Status.ELIGIBLE in judged


def test_every_shipped_rule_means_the_same_after_being_a_table() -> None:
    for entry in shipped_policies():
        rule = parse(entry["rule"])
        back = rule_of(table_of(rule))
        if back.text != rule.text:
            assert differences(entry["id"], rule, back) == [], back.text


@pytest.mark.parametrize(
    "cell", ['"micro"; "small"', "=5", ">=", "[1..", "not()", "5 or 6", "null", '"a" "b"']
)
def test_a_cell_that_is_no_test_is_refused_with_its_place(cell: str) -> None:
    table = table_of(parse('sme_size in ["micro"] && employees_end > 3'))
    broken = type(table)(table.facts, ((table.rows[0][0], cell),), table.more)
    with pytest.raises(TableCell) as refused:
        rule_of(broken)
    assert (refused.value.params["row"], refused.value.params["column"]) == (0, 1)


def test_a_cell_of_another_kind_is_refused_as_the_rule_it_would_make() -> None:
    table = table_of(parse('sme_size in ["micro"] && employees_end > 3'))
    broken = type(table)(table.facts, ((table.rows[0][0], "true, false"),), table.more)
    with pytest.raises(RuleError, match="employees_end"):
        rule_of(broken)
