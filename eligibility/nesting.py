"""Places that lie in one another: a city's code says its province, so that two facts can never name places apart.

GB/T 2260 writes province, city and county in pairs of digits; which fact lies in which is the vocabulary's
(`within`). Whoever takes facts in asks here, so that the rule stands in one place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from eligibility.errors import FactProblem
from eligibility.vocabulary import Vocabulary


def lies_in(code: str, around: str) -> bool:
    """Whether a region is the other or lies in it."""
    return code.startswith(_pairs(around))


def province(code: str) -> str:
    """The province a region lies in."""
    return f"{code[:2]}0000"


def _pairs(code: str) -> str:
    for ending in ("0000", "00"):
        if code.endswith(ending):
            return code.removesuffix(ending)
    return code


def contradictions(values: Mapping[str, Any], words: Vocabulary) -> Iterator[FactProblem]:
    """Each place that lies elsewhere than `values` say, told of the smaller place with the larger one beside it."""
    for inner, around in words.nested:
        code, said = values.get(inner), values.get(around)
        if code is not None and said is not None and not lies_in(code, said):
            params = {"value": code, "lies_in": province(code), "around": around, "said": said}
            yield FactProblem(inner, "fact_elsewhere", params)


def settled(
    changes: Mapping[str, Any],
    known: Mapping[str, Any],
    forgotten: Collection[str] = (),
    words: Vocabulary | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """The changes and what is forgotten, so that what is known afterwards agrees.

    A place brings the larger one it lies in along; a changed larger place forgets a smaller one elsewhere. The
    changes alone are free of contradictions.
    """
    values, gone = dict(changes), list(forgotten)
    for inner, around in (words or Vocabulary.shipped()).nested:
        code, said = values.get(inner), values.get(around)
        if code is not None and around not in values and around not in gone:
            held = known.get(around)
            if held is None or not lies_in(code, held):
                values[around] = province(code)
        elif said is not None and inner not in values and inner not in gone:
            held = known.get(inner)
            if held is not None and not lies_in(held, said):
                gone.append(inner)
    return values, gone
