"""How a request's JSON becomes an input model: strictly, as JSON and not as Python values.

Pydantic's strict mode takes a date, a UUID or a decimal from JSON text but not from a Python string, and the
framework hands over Python values; so the value goes back to JSON first. Every fault keeps its kind, for
problems.py to put into words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import isclass
from typing import Any, ClassVar

import msgspec
from litestar.config.app import AppConfig
from litestar.plugins import InitPlugin
from pydantic import BaseModel, ValidationError


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One thing wrong with a field. field: dotted path, "" for the body itself. kind: pydantic's error type."""

    field: str
    kind: str
    params: dict[str, object]


class InvalidInput(Exception):
    """A request body that does not fit its model (422)."""

    code: ClassVar[str] = "input.invalid"
    params: ClassVar[dict[str, object]] = {}
    field: ClassVar[str | None] = None

    def __init__(self, faults: tuple[FieldFault, ...]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.kind}" for fault in faults))
        self.faults = faults

    @classmethod
    def of(cls, error: ValidationError) -> "InvalidInput":
        """The faults pydantic found, without the values that caused them."""
        return cls(
            tuple(
                FieldFault(
                    ".".join(str(part) for part in fault["loc"]), *_told(fault["type"], fault.get("ctx", {}))
                )
                for fault in error.errors(include_url=False, include_input=False)
            )
        )


def _told(kind: str, context: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """A fault's kind and parameters as every language can say them.

    Pydantic counts the items of a text whose length is asked behind another check, and joins choices in
    English; an empty text is one that was not filled in.
    """
    params: dict[str, object] = {name: value for name, value in context.items() if name != "error"}
    if kind in {"too_short", "too_long"} and params.get("field_type") == "Value":
        kind = f"string_{kind}"
    if kind == "string_too_short" and params.get("min_length") == 1:
        kind = "missing"
    if kind == "literal_error":
        params["expected"] = re.findall(r"'([^']*)'", str(params.get("expected", "")))
    return kind, params


def is_model(target: Any) -> bool:
    """Whether an annotation is a pydantic model."""
    return isclass(target) and issubclass(target, BaseModel)


def read_model(target: type[BaseModel], value: Any) -> BaseModel:
    """`value` (what JSON decodes to) as the model. Raises InvalidInput."""
    if isinstance(value, target):
        return value
    try:
        return target.model_validate_json(msgspec.json.encode(value))
    except ValidationError as error:
        raise InvalidInput.of(error) from error


class StrictInputs(InitPlugin):
    """Puts our reading of models first; the framework's would convert "2" to 2 whatever the model says.

    List it after the framework's own pydantic plugins: each of them puts its decoders first.
    """

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add our decoder at the front."""
        app_config.type_decoders = [(is_model, read_model), *(app_config.type_decoders or [])]
        return app_config
