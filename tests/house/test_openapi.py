"""The description of the API against what the API really takes."""

from typing import Any

import pytest
from litestar import Litestar

from marketplace.apidoc import corrected


@pytest.fixture
def description(app: Litestar) -> dict[str, Any]:
    """The service's own description, as a client reads it."""
    return corrected(app.openapi_schema.to_schema(), {})


@pytest.mark.parametrize(("model", "most"), [("MatchInput", 500), ("FactsChange", 200)])
def test_facts_are_an_object(description: dict[str, Any], model: str, most: int) -> None:
    facts = description["components"]["schemas"][model]["properties"]["facts"]
    assert (facts["type"], facts["maxProperties"]) == ("object", most)
    assert "items" not in facts


def test_the_check_of_a_paper_takes_a_form_or_the_file(description: dict[str, Any]) -> None:
    body = description["paths"]["/api/v1/documents/verify"]["post"]["requestBody"]
    assert sorted(body["content"]) == ["application/pdf", "multipart/form-data"]


def test_an_application_needs_its_key(description: dict[str, Any]) -> None:
    (key,) = description["paths"]["/api/v1/applications"]["post"]["parameters"]
    assert (key["name"], key["required"], key["schema"]["type"]) == ("Idempotency-Key", True, "string")
