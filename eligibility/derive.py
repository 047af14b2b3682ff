"""Derived facts, read over the set of values they can still have.

A derived fact is never stated: the size class follows from industry, staff, revenue and assets, and may be known
although some of these are not.
"""

from __future__ import annotations

from collections.abc import Mapping

from eligibility.completions import size_needs
from eligibility.facts import plain
from eligibility.kleene import UNKNOWN, OneOf, Unknown, fact_value
from eligibility.size_standard import ALL_SIZES, INPUTS
from eligibility.vocabulary import Vocabulary


def possible_sizes(facts: Mapping[str, object], vocabulary: Vocabulary | None = None) -> frozenset[str]:
    """Every size class the enterprise can have. Source: 工信部联企业〔2011〕300号."""
    value = fact_value("sme_size", facts, vocabulary or Vocabulary.shipped())
    return value.values if isinstance(value, OneOf) else frozenset({str(value)})


def missing_for_size(facts: Mapping[str, object], vocabulary: Vocabulary | None = None) -> tuple[str, ...]:
    """The unknown facts that can still change the size class, sorted; empty when it is known."""
    standard = (vocabulary or Vocabulary.shipped()).size_standard
    known = tuple((i, facts[i]) for i in INPUTS if i in facts)
    found = frozenset().union(*(size_needs(standard, frozenset({size}), known) for size in ALL_SIZES))
    return tuple(sorted(found))


def derived_values(facts: Mapping[str, object], vocabulary: Vocabulary | None = None) -> dict[str, object]:
    """Each derived fact: its value where known, the sorted list of possible values, or absent when unknown."""
    words = vocabulary or Vocabulary.shipped()
    found: dict[str, object] = {}
    for name, fact in words.facts.items():
        if not fact.is_derived:
            continue
        value = fact_value(name, facts, words)
        if value is UNKNOWN or isinstance(value, Unknown):
            continue
        found[name] = sorted(value.values) if isinstance(value, OneOf) else value
    return found


def size_basis(facts: Mapping[str, object], vocabulary: Vocabulary | None = None) -> dict[str, object] | None:
    """The row of the size standard that applies, its floors and the values met with them; None while unknown.

    `{document_no, group, group_zh, group_en, floors: {dimension: [large, medium, small]}, values: {dimension: ..}}`
    """
    standard = (vocabulary or Vocabulary.shipped()).size_standard
    code = facts.get("industry_code")
    row = standard.group_of(str(code)) if code is not None else None
    if row is None:
        return None
    return {
        "document_no": standard.document_no,
        "group": row.id,
        "group_zh": row.name_zh,
        "group_en": row.name_en,
        "floors": {d: [int(f) for f in floors] for d, floors in row.floors.items()},
        "values": {d: plain(facts[d]) for d in row.floors if d in facts},  # type: ignore[arg-type]
    }
