"""Conditions written as YAML trees ({all, any, not, fact/op/value}) -> CEL text.

The pack this product grew from states each condition as such a tree. CEL has no `not_in`, and "not one of" must
stay false for a fact known to be none, so it is written as a chain of `!=`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

SIMPLE = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def condition_to_cel(tree: Mapping[str, Any]) -> str:
    """CEL text of a condition tree. Raises ValueError on an operator it does not know."""
    return _text(tree, top=True)


def _text(tree: Mapping[str, Any], *, top: bool = False) -> str:
    if "all" in tree:
        return _joined(tree["all"], " && ", "true", top)
    if "any" in tree:
        return _joined(tree["any"], " || ", "false", top)
    if "not" in tree:
        inner = tree["not"]
        text = _text(inner)
        bare = isinstance(inner, Mapping) and inner.get("op") == "eq" and inner.get("value") is True
        return f"!{text}" if bare or text.startswith("(") else f"!({text})"
    return _atom(tree, top)


def _joined(parts: list[Mapping[str, Any]], operator: str, empty: str, top: bool) -> str:
    if not parts:
        return empty
    text = operator.join(_text(part) for part in parts)
    return text if top or len(parts) == 1 else f"({text})"


def _atom(tree: Mapping[str, Any], top: bool) -> str:
    fact, op = tree["fact"], tree["op"]
    if "value_fact" in tree:
        plus = tree.get("plus") or 0
        other = tree["value_fact"] + (f" + {plus}" if plus > 0 else f" - {-plus}" if plus < 0 else "")
        return f"{fact} {SIMPLE[op]} {other}"
    value = tree["value"]
    if op == "eq" and value is True:
        return str(fact)
    if op in SIMPLE:
        return f"{fact} {SIMPLE[op]} {_value(value)}"
    if op == "in":
        return f"{fact} in [{', '.join(_value(v) for v in value)}]"
    if op == "not_in":
        text = " && ".join(f"{fact} != {_value(v)}" for v in value)
        return text if top or len(value) == 1 else f"({text})"
    if op == "prefix_in":
        return f"within({fact}, [{', '.join(_value(v) for v in value)}])"
    raise ValueError(f"the operator {op!r} is not known")


def _value(value: object) -> str:
    if isinstance(value, dt.date):
        return f'date("{value.isoformat()}")'
    if isinstance(value, str) and DATE.fullmatch(value):
        return f'date("{value}")'
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)
