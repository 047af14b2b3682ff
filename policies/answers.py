"""A match as the API tells it: rows of verdicts with codes and both languages, no markup.

Apart from matching.py because judging is for everyone, and this shape is the contract of one route.
"""

from datetime import date
from typing import Any

from eligibility import Facts, Vocabulary, failures
from policies.matching import Judged, MatchResult
from policies.pack import Pack, PublishedText
from policies.schemas import (
    AmountRead,
    EligibleRead,
    FailedCondition,
    IneligibleRead,
    MatchIds,
    MatchRead,
    Named,
    QuestionRead,
    UndeterminedRead,
)


def answer(result: MatchResult) -> MatchRead:
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
    benefit = judged.policy.benefit
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
