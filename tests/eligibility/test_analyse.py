"""Analysing a pack: each kind of finding on a small pack made for it, with a witness that really is one.

That z3 finds a witness exactly when there is one is held by tests/properties/test_smt.py.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import z3

from eligibility import Facts, Family, PackRule, Status, Vocabulary, analyse, evaluate, parse
from eligibility.analyse import differences
from marketplace.commands.analyse import family_of, pack_rule
from marketplace.shipped import shipped_families, shipped_policies

WORDS = Vocabulary.shipped()


def rule(name: str, text: str, **more: Any) -> PackRule:
    return PackRule(name, parse(text, WORDS), dt.date(2020, 1, 1), more.pop("ends", None), **more)


def kinds(*pack: PackRule) -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.kind, finding.rules) for finding in analyse(pack)]


class TestOneRule:
    def test_a_rule_nobody_can_satisfy(self) -> None:
        assert kinds(rule("A", "employees_end < 5 && employees_end > 10")) == [("unsatisfiable", ("A",))]

    def test_a_size_class_no_industry_has_with_those_staff(self) -> None:
        text = 'sme_size == "large" && employees_end < 5 && within(industry_code, ["33"])'
        assert kinds(rule("A", text)) == [("unsatisfiable", ("A",))]

    def test_a_rule_everybody_satisfies(self) -> None:
        assert kinds(rule("A", "employees_end < 5 || employees_end >= 5")) == [("everybody", ("A",))]

    def test_a_condition_that_never_matters(self) -> None:
        found = analyse([rule("A", "employees_end < 5 && employees_end < 10")])
        assert [f.kind for f in found] == ["dead_clause"]
        assert "employees_end < 10" in found[0].message
        assert found[0].witness["employees_end"] < 5  # type: ignore[operator]

    def test_a_sound_rule_has_no_finding(self) -> None:
        assert kinds(rule("A", 'employees_end < 5 && entity_type == "company"')) == []


class TestTwoRules:
    def test_exclusions_that_cannot_happen(self) -> None:
        a = rule("A", 'province_code == "420000"', excludes=frozenset({"B"}), subject="VAT")
        b = rule("B", 'province_code != "420000"', subject="VAT")
        assert kinds(a, b) == [("never_meet", ("A", "B"))]

    def test_an_overlap_nobody_declared_and_the_inner_of_two(self) -> None:
        a = rule("A", "employees_end < 5", subject="VAT")
        b = rule("B", "employees_end < 10", subject="VAT")
        assert kinds(a, b) == [("overlap", ("A", "B")), ("contained", ("A", "B"))]

    def test_a_declared_overlap_and_other_times_are_no_finding(self) -> None:
        a = rule("A", "employees_end < 5", subject="VAT", ends=dt.date(2020, 6, 30))
        b = rule("B", "employees_end < 10", subject="VAT", related=frozenset({"A"}))
        later = PackRule("C", parse("employees_end < 20", WORDS), dt.date(2020, 7, 1), None, subject="fee")
        assert kinds(a, b, later) == []

    def test_a_witness_has_codes_of_full_length(self) -> None:
        a = rule("A", 'within(industry_code, ["53", "54"]) && province_code != "370000"', subject="CIT")
        b = rule("B", '!within(industry_code, ["541"])', subject="CIT")
        overlap = next(f for f in analyse([a, b]) if f.kind == "overlap")
        facts = Facts.from_json(overlap.witness)
        for one in (a, b):
            assert evaluate(one.rule, facts).status is Status.ELIGIBLE


class TestFamilies:
    """Exactly one of some policies applies."""

    def family(self, **more: Any) -> Family:
        among = parse('vat_taxpayer_type == "small_scale"', WORDS)
        days = {"starts": dt.date(2020, 3, 1), "ends": dt.date(2020, 5, 31), **more}
        return Family("F", ("A", "B"), among, **days)

    def test_a_gap_is_shown_by_whom_nobody_speaks_of(self) -> None:
        a = rule("A", "employees_end < 300")
        b = rule("B", "employees_end > 300")
        (gap,) = (f for f in analyse([a, b], families=[self.family()]) if f.kind == "gap")
        assert gap.witness["employees_end"] == 300
        assert gap.witness["vat_taxpayer_type"] == "small_scale"
        assert gap.rules == ("A", "B")

    def test_two_at_once_are_shown_once_though_the_period_has_parts(self) -> None:
        a = rule("A", "employees_end <= 300")
        b = rule("B", "employees_end >= 300")
        c = rule("C", "employees_end < 0 || employees_end == 5", ends=dt.date(2020, 4, 15))
        found = analyse([a, b, c], families=[self.family()])
        (twice,) = (f for f in found if f.kind == "twice")
        assert (twice.rules, twice.witness["employees_end"]) == (("A", "B"), 300)

    def test_a_member_that_ends_too_early_leaves_a_gap_from_the_day_after(self) -> None:
        a = rule("A", "employees_end < 300", ends=dt.date(2020, 4, 30))
        b = rule("B", "employees_end >= 300")
        (gap,) = (f for f in analyse([a, b], families=[self.family()]) if f.kind == "gap")
        assert "from 2020-05-01 on" in gap.message

    def test_a_family_that_divides_its_subject_has_no_finding(self) -> None:
        a, b = rule("A", "employees_end < 300"), rule("B", "employees_end >= 300")
        assert analyse([a, b], families=[self.family()]) == []


class TestTwoVersions:
    """Who gains and who loses when a text changes."""

    def test_each_side_has_an_enterprise_to_show(self) -> None:
        old, new = (
            parse("employees_end < 300", WORDS),
            parse("employees_end > 10 && employees_end <= 300", WORDS),
        )
        gains, loses = differences("A", old, new)
        assert (gains.kind, gains.witness["employees_end"]) == ("gains", 300)
        assert (loses.kind, loses.rules) == ("loses", ("A",))
        assert loses.witness["employees_end"] <= 10  # type: ignore[operator]

    def test_two_texts_of_one_meaning_do_not_differ(self) -> None:
        old = parse("employees_end < 300 && layoff_rate_pct <= 5.5", WORDS)
        new = parse("!(layoff_rate_pct > 5.5 || 300 <= employees_end)", WORDS)
        assert differences("A", old, new) == []


def test_a_clause_inside_an_alternative_that_never_matters_is_found_too() -> None:
    text = 'jobs_commitment && (employees_end < 10 || employees_end < 5 && entity_type == "company")'
    found = [f for f in analyse([rule("A", text)]) if f.kind == "dead_clause"]
    assert [f.message.split("`")[1] for f in found] == [
        'employees_end < 5 && entity_type == "company"', 'entity_type == "company"',
    ]  # fmt: skip


def test_a_city_of_a_witness_lies_in_its_province() -> None:
    both = rule("A", 'province_code == "370000" && city_code == "420100"')
    assert kinds(both) == [("unsatisfiable", ("A",))]


def test_a_question_z3_leaves_open_is_told_as_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(z3.Solver, "check", lambda _: z3.unknown)
    found = analyse([rule("A", 'employees_end < 5 && entity_type == "company"')])
    assert [f.kind for f in found] == ["undecided"]


def test_a_part_without_a_formula_is_told_as_undecided() -> None:
    found = analyse([rule("A", "months_between(loan_start_date, loan_principal_due_date) > 3")])
    assert [f.kind for f in found] == ["undecided"]


def test_the_shipped_pack_is_analysed_whole_and_its_progress_told() -> None:
    told: list[tuple[int, int]] = []
    pack = [pack_rule(entry) for entry in shipped_policies()]
    found = analyse(pack, lambda done, all_: told.append((done, all_)), map(family_of, shipped_families()))
    assert told[-1][0] == told[-1][1] == len(told) > len(pack)
    assert not {"unsatisfiable", "everybody", "undecided", "twice"} & {f.kind for f in found}
    by_id = {one.id: one.rule for one in pack}
    for finding in found:
        if finding.kind == "overlap":
            stated = dict(finding.witness)
            day = dt.date.fromisoformat(str(stated.pop("as_of_date", "2020-04-15")))
            facts = Facts.from_json(stated).on(day)
            for name in finding.rules:
                assert evaluate(by_id[name], facts).status is Status.ELIGIBLE
