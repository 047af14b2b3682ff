"""The policy pack and the products this product ships, read from marketplace/data.

The seeding puts them into the database; commands that must work without one read them here.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).with_name("data")


@functools.cache
def shipped_policies() -> tuple[Mapping[str, Any], ...]:
    """Every policy of the shipped pack as written there, in its order."""
    data = yaml.load((DATA / "policies.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(data["policies"])


@functools.cache
def shipped_families() -> tuple[Mapping[str, Any], ...]:
    """The families of the shipped pack: policies of which exactly one applies to whom the family is about."""
    data = yaml.load((DATA / "families.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(data["families"])


@functools.cache
def shipped_cases() -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """The worked cases of the shipped policies as (policy id, case as it is kept)."""
    data = yaml.load((DATA / "cases.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    day = dt.date.fromisoformat(data["day"])
    return tuple(
        (
            policy_id,
            {
                "name": case["name"],
                "facts": case["facts"],
                "day": day,
                "expected": case["expected"],
                "source": case["example"],
            },
        )
        for policy_id, cases in data["policies"].items()
        for case in cases
    )


def in_force(policy: Mapping[str, Any], day: dt.date) -> bool:
    """Issued by `day`, and `day` within the effective dates, both included. An open end has no date."""
    ends = policy["effective_to"]
    return (
        dt.date.fromisoformat(policy["issued_on"]) <= day
        and dt.date.fromisoformat(policy["effective_from"]) <= day
        and (ends is None or day <= dt.date.fromisoformat(ends))
    )
