"""The verdict of one rule on one enterprise: eligible, ineligible or undetermined, and what is missing.

The reference of all faster machines: three-valued logic first, then, only where that leaves the rule open, the exact
answer over all completions. Sound always; past a bound of work it may stay undetermined where it need not.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from eligibility.completions import settle
from eligibility.kleene import truth
from eligibility.rule import Rule


class Status(StrEnum):
    """The three verdicts."""

    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    UNDETERMINED = "undetermined"


STATUS = {True: Status.ELIGIBLE, False: Status.INELIGIBLE, None: Status.UNDETERMINED}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`missing`: the unknown facts whose value could still change the verdict, sorted; empty once it is decided."""

    status: Status
    missing: tuple[str, ...] = ()


def evaluate(rule: Rule, facts: Mapping[str, object]) -> Verdict:
    """The verdict of `rule` on known `facts` (absent = unknown, None = known to be none)."""
    found = truth(rule.root, facts, rule.vocabulary)
    if found is not None:
        return Verdict(STATUS[found])
    return exact(rule, tuple((name, facts[name]) for name in rule.stated_facts if name in facts))


@functools.lru_cache(maxsize=8192)
def exact(rule: Rule, known: tuple[tuple[str, object], ...]) -> Verdict:
    """The exact verdict on the facts the rule depends on. Remembered: many enterprises are alike in those few."""
    settled = settle(rule.inlined, dict(known), rule.vocabulary)
    return Verdict(STATUS[settled.status], tuple(sorted(settled.missing)))
