"""A refusal shown on the form it came from: words beside each field, from the same table as every problem.

So a mistake reads the same on a page and over the API.
"""

import re
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from marketplace.inputs import InvalidInput
from marketplace.problems import problem_of

Model = TypeVar("Model", bound=BaseModel)


def field_errors(error: Exception, lang: str, fallback: str) -> dict[str, str]:
    """{field: words}, the first for each field; a refusal about no field in particular stands at `fallback`.

    A fault inside a field (`reasons.0.note`, `rule[3:9]`) is the field's.
    """
    problem = problem_of(error)
    if problem.status >= 500:
        raise error
    if problem.faults:
        found: dict[str, str] = {}
        for fault in problem.faults:
            found.setdefault(re.split(r"[.\[]", fault.field)[0] or fallback, fault.details[lang])
        return found
    return {fallback: problem.said(lang)}


def validated(model: type[Model], values: dict[str, object]) -> Model:
    """`values` of a form as an input model. Raises InvalidInput."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InvalidInput.of(error) from error
