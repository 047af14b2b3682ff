"""Figures of single policies' own (the tax due, the rent a month): checked against what each policy's amount asks for.

Apart from facts, because a name such as `due_yuan` means another tax in each policy, and no rule asks for it.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from eligibility import FactProblem, Facts, FactsError, Vocabulary
from eligibility.benefit import Benefit
from eligibility.facts import Value
from policies.errors import InputsRefused
from policies.matching import Stated
from policies.pack import Pack


def words_of(benefit: Benefit) -> Vocabulary:
    """A vocabulary of nothing but a benefit's own inputs."""
    own = MappingProxyType({fact.name: fact for fact in benefit.inputs})
    return dataclasses.replace(Vocabulary.shipped(), facts=own)


def read(pack: Pack, given: Mapping[str, Mapping[str, Any]]) -> Stated:
    """Figures from JSON, by policy. Raises InputsRefused naming every figure and every policy that does not fit."""
    found: dict[str, Facts] = {}
    problems: list[FactProblem] = []
    for policy_id, figures in given.items():
        record = pack.by_id.get(policy_id)
        if record is None:
            problems.append(FactProblem(policy_id[:80], "fact_unknown"))
            continue
        words = words_of(record.benefit)
        told = {n: value for n, value in figures.items() if value is not None or n not in words.facts}
        try:
            found[policy_id] = Facts.from_json(told, words)
        except FactsError as refused:
            problems += [FactProblem(f"{policy_id}.{p.fact}", p.code, p.params) for p in refused.problems]
    if problems:
        raise InputsRefused(tuple(problems))
    return found


def fitting(pack: Pack, kept: Mapping[str, Mapping[str, Any]]) -> Stated:
    """Stored figures that still fit; a policy may have changed what it asks for since they were stated."""
    found: dict[str, Facts] = {}
    for policy_id, figures in kept.items():
        own: dict[str, Value] = {}
        for name, value in figures.items():
            try:
                own.update(read(pack, {policy_id: {name: value}})[policy_id])
            except InputsRefused:
                continue  # counts as not stated, and is asked for again
        if own:
            found[policy_id] = Facts(own)
    return found
