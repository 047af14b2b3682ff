"""A match as the API tells it: rows of verdicts with codes and both languages, no markup.

Apart from matching.py because judging is for everyone, and this shape is the contract of one route.
"""

from typing import Any

from eligibility import Vocabulary, failures
from policies.matching import Judged, MatchResult
from policies.schemas import (
    AmountRead,
    EligibleRead,
    FailedCondition,
    IneligibleRead,
    MatchRead,
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
        next_question=_question(result),
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
    text = judged.policy.text
    names = (
        "name_zh", "name_en", "category", "level", "document_no", "clause_zh", "clause_en", "effective_to",
    )  # fmt: skip
    return {"id": judged.policy.id, "version": judged.policy.version, **{name: text[name] for name in names}}


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
