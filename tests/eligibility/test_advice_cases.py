"""Advice on cases small enough to check by hand: what to ask, what would be enough, what to change, what to combine.

The shipped pack gives the cases; properties/test_advice.py compares with the slow and obvious at random.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import itertools
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml

from eligibility import Facts, Status, Verdict, Vocabulary, advise_missing, evaluate, parse
from eligibility.advise import Candidate, Exclusion, ease, worth
from eligibility.advise_changes import Change, smallest_change
from eligibility.advise_cliffs import cliffs
from eligibility.advise_combine import combine, conflicts_of, total_worth
from eligibility.advise_missing import deciding_sets
from eligibility.advise_questions import next_question, questions
from eligibility.benefit import Benefit
from eligibility.benefit_range import NOTHING
from eligibility.claims import Claim, Conflict
from marketplace.shipped import DATA, in_force, shipped_policies

WORDS = Vocabulary.shipped()
DAY = dt.date(2020, 4, 15)
CASES = Path(__file__).parents[1] / "fixtures" / "cases" / "enterprises.yaml"
ENTERPRISES = {e["id"]: e for e in yaml.safe_load(CASES.read_text(encoding="utf-8"))["enterprises"]}


@functools.cache
def pack() -> dict[str, Candidate]:
    return {
        p["id"]: Candidate.of(
            p["id"],
            parse(p["rule"], WORDS, clause=p["clause_zh"]),
            Benefit.from_json(p["benefit"], WORDS),
            p["exclusions"],
            p.get("implements") or (),
        )
        for p in shipped_policies()
        if in_force(p, DAY)
    }


def known(name: str, **changes: object) -> Facts:
    facts = Facts.from_json({**ENTERPRISES[name]["facts"], **changes})
    return facts.on(DAY, WORDS)


def judged(facts: Facts) -> list[tuple[Candidate, Status]]:
    return [(candidate, evaluate(candidate.rule, facts).status) for candidate in pack().values()]


def candidate(id: str, rule: str, **benefit: object) -> Candidate:
    return Candidate(id, parse(rule, WORDS), Benefit.from_json({"type": "subsidy", **benefit}, WORDS))


def undetermined(every: list[Candidate], facts: Facts) -> list[tuple[Candidate, Verdict]]:
    found = [(one, evaluate(one.rule, facts)) for one in every]
    return [pair for pair in found if pair[1].status is Status.UNDETERMINED]


class TestTheNextQuestion:
    def test_it_is_the_fact_whose_answer_decides_most_not_the_one_most_wait_for(self) -> None:
        every = [
            candidate("a", "affected_by_epidemic && jobs_commitment"),
            candidate("b", "affected_by_epidemic && jobs_commitment && operating_difficulty"),
            candidate("c", 'landlord_type == "state_owned"'),
            candidate("d", 'landlord_type != "state_owned"'),
        ]
        best = next_question(undetermined(every, Facts()), Facts(), WORDS)
        assert best is not None
        assert (best.fact, best.verdicts, best.waiting) == ("landlord_type", 2, 2)

    def test_each_answer_names_the_verdicts_it_decides(self) -> None:
        every = [
            candidate("few", "on_job_employees <= 30"),
            candidate("many", "on_job_employees > 100 && jobs_commitment"),
        ]
        best = questions(undetermined(every, Facts()), Facts(), WORDS)[0]
        assert best.fact == "on_job_employees"
        assert best.verdicts == Fraction(5, 3)
        told = [(a.low, a.high, a.weight, a.eligible, a.ineligible) for a in best.answers]
        third = Fraction(1, 3)
        assert told == [
            (0, 30, third, ("few",), ("many",)),
            (31, 100, third, (), ("few", "many")),
            (101, 10_000_000, third, (), ("few",)),
        ]

    def test_a_city_counts_for_its_share_of_the_cities_of_the_province(self) -> None:
        facts = Facts({"province_code": "370000"})
        best = next_question(undetermined([candidate("jinan", 'city_code == "370100"')], facts), facts, WORDS)
        assert best is not None
        assert [(a.eligible, a.weight) for a in best.answers] == [
            (("jinan",), Fraction(1, 16)),
            ((), Fraction(15, 16)),
        ]

    def test_an_industry_stated_too_broadly_is_asked_for_again(self) -> None:
        facts = Facts({"industry_code": "70", "employees_end": 5000})
        every = [candidate("a", 'sme_size == "not_covered"')]
        best = next_question(undetermined(every, facts), facts, WORDS)
        assert best is not None
        assert best.fact == "industry_code"
        assert all(str(code).startswith("70") for answer in best.answers for code in answer.values)
        sure = {str(code)[:3] for answer in best.answers for code in answer.values if answer.eligible}
        assert sure == {"704"}

    def test_money_goes_before_numbers_where_money_is_asked_for(self) -> None:
        every = [
            candidate("a", "affected_by_epidemic", amount="100.0"),
            candidate("b", "affected_by_epidemic"),
            candidate("c", "jobs_commitment", amount="5000.0"),
        ]
        open_ = undetermined(every, Facts())
        assert [q.fact for q in questions(open_, Facts(), WORDS)] == [
            "affected_by_epidemic",
            "jobs_commitment",
        ]
        by_money = questions(open_, Facts(), WORDS, by="money")
        assert [(q.fact, q.yuan) for q in by_money] == [
            ("jobs_commitment", 5000),
            ("affected_by_epidemic", 100),
        ]

    def test_of_two_alike_the_easier_one_to_know_comes_first(self) -> None:
        every = [candidate("a", "operating_revenue_yuan > 5000"), candidate("b", "uses_toll_roads")]
        first = questions(undetermined(every, Facts()), Facts(), WORDS)[0]
        assert first.fact == "uses_toll_roads"
        ranks = ease(WORDS)
        assert ranks["entity_type"] < ranks["affected_by_epidemic"] < ranks["operating_revenue_yuan"]

    def test_nothing_open_is_nothing_to_ask(self) -> None:
        assert next_question([], Facts(), WORDS) is None

    def test_alternatives_that_cover_everything_together_are_seen(self) -> None:
        month = 'vat_period == "month" && vat_period_sales_yuan <= 1000'
        rule = f'{month} || vat_period == "quarter" && vat_period_sales_yuan <= 3000'
        best = next_question(undetermined([candidate("a", rule)], Facts()), Facts(), WORDS)
        assert best is not None
        assert best.fact == "vat_period_sales_yuan"
        assert [(a.eligible, a.ineligible) for a in best.answers] == [(("a",), ()), ((), ()), ((), ("a",))]

    def test_what_every_listed_code_satisfies_is_waited_for_by_nobody(self) -> None:
        rule = 'affected_by_epidemic && (province_code.startsWith("37") || province_code != "370000")'
        best = next_question(undetermined([candidate("a", rule)], Facts()), Facts(), WORDS)
        assert best is not None
        assert (best.fact, best.verdicts) == ("affected_by_epidemic", 1)

    def test_a_comparison_that_is_no_line_is_said_to_be_decided_by_no_answer(self) -> None:
        rule = "employees_end == min(employees_end, 0) || uses_toll_roads"
        found = questions(undetermined([candidate("a", rule)], Facts()), Facts(), WORDS)
        told = {q.fact: [(a.eligible, a.ineligible) for a in q.answers] for q in found}
        assert told["employees_end"] == [((), ())]
        assert told["uses_toll_roads"] == [((), ()), (("a",), ())]


class TestFactsThatWouldBeEnough:
    def test_the_smallest_sets_come_first_each_way(self) -> None:
        rule = parse(
            'loan_contract_with_bank && (entity_type == "individual_business" || owner_age < 30)', WORDS
        )
        found = deciding_sets(rule, Facts())
        assert found.complete
        assert found.eligible == (
            ("entity_type", "loan_contract_with_bank"),
            ("loan_contract_with_bank", "owner_age"),
        )
        assert found.ineligible == (("loan_contract_with_bank",), ("entity_type", "owner_age"))

    def test_so_many_of_several_conditions_need_so_many_facts(self) -> None:
        rule = parse("at_least(2, [uses_toll_roads, pays_culture_fee, housing_fund_enrolled])", WORDS)
        found = deciding_sets(rule, Facts())
        assert found.eligible == found.ineligible
        assert {frozenset(names) for names in found.eligible} == {
            frozenset(pair)
            for pair in itertools.combinations(
                ("uses_toll_roads", "pays_culture_fee", "housing_fund_enrolled"), 2
            )
        }

    def test_an_industry_stated_too_broadly_may_be_what_is_needed(self) -> None:
        facts = Facts({"industry_code": "70", "employees_end": 5000})
        found = deciding_sets(parse('sme_size == "not_covered"', WORDS), facts)
        assert (found.eligible, found.ineligible) == ((("industry_code",),), (("industry_code",),))

    def test_past_the_bound_of_work_the_answer_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(advise_missing, "MOST_STEPS", 1)
        found = deciding_sets(parse("uses_toll_roads && (owner_age < 3 || owner_age > 9)", WORDS), Facts())
        assert not found.complete

    def test_a_fact_that_can_be_done_without_is_in_no_set(self) -> None:
        rule = parse("owner_age < 30 && uses_toll_roads || owner_age >= 30 && uses_toll_roads", WORDS)
        assert deciding_sets(rule, Facts()).eligible == (("uses_toll_roads",),)

    def test_the_size_class_needs_the_industry_and_one_figure_that_is_small(self) -> None:
        found = deciding_sets(parse('sme_size in ["micro", "small"]', WORDS), Facts())
        assert ("industry_code", "employees_end") in found.eligible
        assert ("industry_code",) in found.ineligible  # education lies outside the standard

    def test_what_is_settled_needs_nothing(self) -> None:
        found = deciding_sets(parse("owner_age < 30", WORDS), Facts({"owner_age": 20}))
        assert (found.eligible, found.ineligible) == (((),), ())

    @pytest.mark.parametrize("id", sorted(pack()))
    def test_every_policy_of_the_pack_is_answered_with_no_fact_known(self, id: str) -> None:
        rule = pack()[id].rule
        facts = Facts().on(DAY, WORDS)
        found = deciding_sets(rule, facts)
        missing = set(evaluate(rule, facts).missing)
        assert found.eligible
        assert found.ineligible
        assert all(set(names) <= missing for names in (*found.eligible, *found.ineligible))


def change(name: str, policy: str, **changes: object) -> Change | None:
    return smallest_change(pack()[policy].rule, known(name, **changes))


class TestTheSmallestChange:
    def test_it_names_fact_clause_and_both_values(self) -> None:
        found = change("E41", "CN-STARTUP-2020-21-E")
        assert found is not None
        (step,) = found.steps
        assert (step.fact, step.old, step.new) == ("new_hire_ratio", Decimal("0.149"), Decimal("0.15"))
        assert step.mends == ("new_hire_ratio >= 0.15",)
        assert found.clause == "第一条（二）、第二条"
        assert found.missing == ()

    def test_two_facts_are_changed_where_one_is_not_enough(self) -> None:
        found = change("E07", "CN-STARTUP-2020-21-E", has_wage_arrears=True)
        assert found is not None
        assert [(s.fact, s.new) for s in found.steps] == [
            ("new_hire_ratio", Decimal("0.08")),
            ("has_wage_arrears", False),
        ]

    def test_nobody_is_told_to_move_or_to_dismiss_people(self) -> None:
        assert change("E01", "QD-SI-DEF-2020") is None
        assert change("E29", "CN-DISABLED-2019-98-30") is None  # 31 staff, 30 would be exempt

    def test_what_applies_already_needs_no_change(self) -> None:
        assert change("E01", "CN-VAT-2019-13-1") is None

    def test_facts_still_unknown_are_named_and_not_made_up(self) -> None:
        facts = known("E41", has_wage_arrears=True).without("new_hire_ratio")
        found = smallest_change(pack()["CN-STARTUP-2020-21-E"].rule, facts)
        assert found is not None
        assert [(s.fact, s.old, s.new) for s in found.steps] == [("has_wage_arrears", True, False)]
        assert found.missing == ("new_hire_ratio",)

    def test_a_loan_that_does_not_exist_gets_a_day_somebody_can_state(self) -> None:
        fact = dataclasses.replace(WORDS.facts["loan_start_date"], changeable=True)
        words = dataclasses.replace(WORDS, facts=MappingProxyType({**WORDS.facts, fact.name: fact}))
        rule = parse('loan_start_date >= date("2020-03-01")', words)
        found = smallest_change(rule, Facts({"loan_start_date": None}))
        assert found is not None
        assert [s.new for s in found.steps] == [dt.date(2020, 3, 1)]


class TestProducts:
    def test_a_credit_product_is_advised_on_as_a_policy_is(self) -> None:
        texts = yaml.safe_load((DATA / "products.yaml").read_text(encoding="utf-8"))["products"]
        text = next(p["rule"] for p in texts if p["id"] == "CCB-ZHYD")
        facts = known("E01", has_settlement_account=False, account_daily_avg_yuan=2000, owner_age=40)
        found = smallest_change(parse(text, WORDS), facts.replace(owner_bad_credit=False))
        assert found is not None
        assert [(s.fact, s.old, s.new) for s in found.steps] == [
            ("account_daily_avg_yuan", 2000, 10_000),
            ("has_settlement_account", False, True),
        ]
        open_ = undetermined(
            [Candidate(p["id"], parse(p["rule"], WORDS)) for p in texts], Facts().on(DAY, WORDS)
        )
        best = next_question(open_, Facts().on(DAY, WORDS), WORDS)
        assert best is not None
        assert best.verdicts > 3


class TestCliffs:
    def test_one_more_employee_and_the_loan_support_for_small_enterprises_is_gone(self) -> None:
        facts = known("E07")
        nearest = cliffs(judged(facts), facts, WORDS)[0]
        assert (nearest.fact, nearest.old, nearest.new, nearest.is_up) == ("employees_end", 299, 300, True)
        assert [loss.id for loss in nearest.lost] == ["CN-UNION-2020"]
        assert nearest.lost[0].clause == "第一条"

    def test_one_yuan_of_sales_above_the_exemption_costs_all_of_it(self) -> None:
        facts = known("E01", vat_period_sales_yuan=300_000)
        found = next(c for c in cliffs(judged(facts), facts, WORDS) if c.fact == "vat_period_sales_yuan")
        assert (found.new, found.yuan) == (Decimal("300000.01"), Decimal("9000.00"))
        assert {loss.id for loss in found.lost} == {"CN-VAT-2019-13-1", "CN-SURCH-2016-12"}
        assert found.costs == Decimal("3000.00")  # 3% is lost, 2% still to be had by the reduced rate

    def test_what_would_apply_instead_is_told(self) -> None:
        facts = known("E01")
        found = next(c for c in cliffs(judged(facts), facts, WORDS) if c.fact == "on_job_employees")
        assert (found.old, found.new) == (8, 31)
        assert [loss.id for loss in found.lost] == ["CN-DISABLED-2019-98-30"]
        assert found.gained == ("CN-DISABLED-2019-98-TIER",)


def claim(id: str, yuan: int, units: int | None = None) -> Claim:
    return Claim(id, Decimal(yuan), units)


class TestTheBestCompatibleSet:
    def test_the_reason_the_runner_up_and_what_is_given_up_are_told(self) -> None:
        found = combine(
            [claim("a", 100), claim("b", 70), claim("c", 50)], [Conflict("a", "b"), Conflict("a", "c")]
        )
        assert (found.chosen, found.yuan) == (("b", "c"), 120)
        assert (found.runner_up, found.runner_up_yuan) == (("a",), 100)
        (left,) = found.left_out
        assert (left.id, left.gives_up) == ("a", 20)
        assert {(c.one, c.other) for c in left.because} == {("a", "b"), ("a", "c")}

    def test_without_a_conflict_there_is_nothing_to_choose(self) -> None:
        found = combine([claim("a", 1), claim("b", 2)], [])
        assert found.chosen == ("a", "b")
        assert found.runner_up is None
        assert found.left_out == ()

    def test_two_hires_may_count_for_two_policies_one_may_not(self) -> None:
        claims = [claim("veterans", 6000, 1), claim("unemployed", 6000, 1)]
        pair = [Conflict("veterans", "unemployed", "hire")]
        both = combine(claims, pair, {"hire": 2})
        assert (both.chosen, both.yuan, both.cautions) == (("veterans", "unemployed"), 12_000, tuple(pair))
        assert combine(claims, pair, {"hire": None}).yuan == 12_000
        one = combine(claims, pair, {"hire": 1})
        assert (one.chosen, one.yuan) == (("veterans",), 6000)

    def test_where_some_hires_would_count_twice_fewer_are_counted(self) -> None:
        found = combine(
            [claim("dear", 9000, 2), claim("cheap", 6000, 2)],
            [Conflict("dear", "cheap", "hire")],
            {"hire": 3},
        )
        assert (found.chosen, found.yuan, found.counted) == (("dear", "cheap"), 12_000, {"cheap": 1})

    def test_either_policy_may_say_so_and_the_narrower_scope_counts(self) -> None:
        rule = parse("uses_toll_roads", WORDS)
        a = Candidate("a", rule, None, (Exclusion("b"),))
        b = Candidate("b", rule, None, (Exclusion("a", "asset"),))
        assert conflicts_of([a, b]) == (Conflict("a", "b", "asset"),)
        assert Exclusion.read({"policy": "x", "per": "year"}) == Exclusion("x", "year")
        with pytest.raises(ValueError, match="week"):
            Exclusion.read({"policy": "x", "per": "week"})

    def test_a_text_and_the_one_it_carries_out_give_one_relief(self) -> None:
        rule = parse("uses_toll_roads", WORDS)
        relief = Benefit.from_json({"type": "exemption", "amount": "500.0"}, WORDS)
        nation = Candidate("nation", rule, relief)
        province = Candidate("province", rule, relief, carries_out=("nation",))
        assert conflicts_of([nation, province]) == (Conflict("nation", "province", "same"),)
        facts = Facts({"uses_toll_roads": True})
        assert total_worth([(nation, Status.ELIGIBLE), (province, Status.ELIGIBLE)], facts).least == 500

    def test_the_pack_says_which_exclusions_hold_per_hire_asset_or_year(self) -> None:
        scopes = {frozenset((c.one, c.other)): c.per for c in conflicts_of(pack().values())}
        assert scopes[frozenset(("CN-EMP-2019-21-E", "CN-EMP-2019-22-E"))] == "hire"
        assert scopes[frozenset(("CN-TAX-2020-8-1", "CN-CIT-2018-54"))] == "asset"
        assert scopes[frozenset(("CN-STABLE-2020-2", "QD-STABLE-DIFF-2020"))] == "year"
        assert scopes[frozenset(("CN-VAT-2020-13-OT", "CN-VAT-2019-13-1"))] == "enterprise"

    def test_a_worked_enterprise_takes_the_exemption_and_not_the_reduced_rate(self) -> None:
        facts = known("E01")
        found = total_worth(judged(facts), facts)
        assert found.least == Decimal("8400.00")
        assert found.surely.chosen == ("CN-VAT-2019-13-1",)
        (left,) = found.surely.left_out
        assert (left.id, left.gives_up) == ("CN-VAT-2020-13-OT", Decimal("2800.00"))
        assert found.most is None  # premiums and bills nobody has stated
        assert "due_yuan" in found.unbounded

    def test_what_is_only_at_most_or_still_open_is_worth_nothing_for_certain(self) -> None:
        ceiling = candidate("a", "uses_toll_roads", amount="100.0", at_most=True)
        found = worth(ceiling, Facts({"uses_toll_roads": True}), Status.ELIGIBLE)
        assert found is not None
        assert (found.least, found.most, found.exact) == (0, 100, False)
        open_ = worth(candidate("b", "uses_toll_roads", amount="100.0"), Facts(), Status.UNDETERMINED)
        assert open_ is not None
        assert (open_.least, open_.most) == (0, 100)
        refused = worth(candidate("c", "uses_toll_roads", amount="100.0"), Facts(), Status.INELIGIBLE)
        assert refused == NOTHING
