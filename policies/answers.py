"""A match as the API tells it: rows of verdicts with codes and both languages, no markup.

Apart from matching.py because judging is for everyone, and this shape is the contract of one route.
"""

from datetime import date
from typing import Any

from eligibility import Facts, Vocabulary, failures
from eligibility.advise_cliffs import Cliff
from eligibility.advise_combine import Combination
from eligibility.benefit_range import Range
from eligibility.claims import Conflict
from eligibility.facts import Value, plain
from policies.advising import Advice
from policies.matching import Judged, MatchResult
from policies.pack import Pack, PublishedText
from policies.schemas import (
    AdviceRead,
    AmountRead,
    ChangeRead,
    CliffRead,
    CombinationRead,
    ConflictRead,
    EligibleRead,
    FailedCondition,
    IneligibleRead,
    LeftOutRead,
    LossRead,
    MatchIds,
    MatchRead,
    Named,
    QuestionRead,
    RangeRead,
    StepRead,
    UndeterminedRead,
)


def answer(result: MatchResult, advice: Advice | None = None) -> MatchRead:
    """The body of `POST /eligibility/match`."""
    return MatchRead(
        as_of=result.as_of,
        pack_version=result.pack_version,
        total_yuan=result.total,
        combined=sorted(result.combined),
        eligible=[EligibleRead(**_named(j), amount=_amount(j)) for j in result.eligible],
        undetermined=[
            UndeterminedRead(**_named(j), missing=list(j.verdict.missing), amount=_amount(j))
            for j in result.undetermined
        ],
        ineligible=[IneligibleRead(**_named(j), failed=failed_conditions(j)) for j in result.ineligible],
        unavailable=[Named(**_names(policy)) for policy in result.unavailable],
        next_question=_question(result),
        advice=None if advice is None else advice_read(advice),
    )


def ids(pack: Pack, facts: Facts, as_of: date) -> MatchIds:
    """The same with ids alone, straight from the index: for whoever asks about many enterprises."""
    day = pack.on(as_of)
    found = day.match(facts.on(as_of, Vocabulary.shipped()))
    return MatchIds(
        as_of=as_of,
        pack_version=pack.version,
        in_force=len(day.records),
        eligible=found.eligible,
        undetermined=found.undetermined,
    )


def failed_conditions(judged: Judged) -> list[FailedCondition]:
    """The conditions that keep a policy from applying."""
    return [
        FailedCondition(
            clause=trace.clause,
            condition=trace.text,
            fact=trace.fact or (trace.children[0].fact if trace.children else None),
            op=trace.op,
            threshold=trace.threshold,
            value=trace.value if trace.is_leaf else trace.children[0].value,
        )
        for trace in failures(judged.trace)
    ]


def advice_read(advice: Advice) -> AdviceRead:
    """Advice as the API tells it."""
    total = advice.total
    return AdviceRead(
        total_least_yuan=total.least,
        total_most_yuan=total.most,
        unbounded=list(total.unbounded),
        ranges={policy_id: _range(found) for policy_id, found in advice.ranges.items()},
        combination=_combination(total.surely),
        settling={policy_id: list(names) for policy_id, names in advice.settled_by.items()},
        changes={
            policy_id: ChangeRead(
                steps=[
                    StepRead(fact=s.fact, old=_plain(s.old), new=_plain(s.new), mends=list(s.mends))
                    for s in change.steps
                ],
                clause=change.clause,
                missing=list(change.missing),
            )
            for policy_id, change in advice.changes.items()
        },
        cliffs=[_cliff(found) for found in advice.cliffs],
    )


def _range(found: Range) -> RangeRead:
    return RangeRead(
        least=found.least,
        most=found.most,
        exact=found.exact,
        missing=list(found.missing),
        unbounded=list(found.unbounded),
    )


def _combination(best: Combination) -> CombinationRead:
    return CombinationRead(
        chosen=list(best.chosen),
        yuan=best.yuan,
        runner_up=None if best.runner_up is None else list(best.runner_up),
        runner_up_yuan=best.runner_up_yuan,
        left_out=[
            LeftOutRead(id=one.id, because=[_conflict(c) for c in one.because], gives_up=one.gives_up)
            for one in best.left_out
        ],
        counted=dict(best.counted),
        cautions=[_conflict(c) for c in best.cautions],
    )


def _conflict(found: Conflict) -> ConflictRead:
    return ConflictRead(one=found.one, other=found.other, per=found.per)


def _cliff(found: Cliff) -> CliffRead:
    return CliffRead(
        fact=found.fact,
        old=_plain(found.old),
        new=_plain(found.new),
        lost=[
            LossRead(id=one.id, clause=one.clause, worth=None if one.worth is None else _range(one.worth))
            for one in found.lost
        ],
        gained=list(found.gained),
        yuan=found.yuan,
        costs=found.costs,
    )


def _plain(value: object) -> object:
    """A fact's value as JSON has it."""
    return plain(value) if isinstance(value, Value) else value


def _named(judged: Judged) -> dict[str, Any]:
    return _names(judged.policy)


def _names(policy: PublishedText) -> dict[str, Any]:
    text = policy.text
    names = (
        "name_zh", "name_en", "category", "level", "document_no", "clause_zh", "clause_en", "effective_to",
    )  # fmt: skip
    return {"id": policy.id, "version": policy.version, **{name: text[name] for name in names}}


def _amount(judged: Judged) -> AmountRead | None:
    if judged.amount is None:
        return None
    benefit = judged.benefit
    return AmountRead(
        exact=judged.amount.exact,
        missing=list(judged.amount.missing),
        at_most=benefit.at_most,
        per=benefit.per,
    )


def _question(result: MatchResult) -> QuestionRead | None:
    if result.next_question is None:
        return None
    name, waiting = result.next_question
    fact = Vocabulary.shipped().facts[name]
    return QuestionRead(fact=name, label_zh=fact.label_zh, label_en=fact.label_en, policies=waiting)
