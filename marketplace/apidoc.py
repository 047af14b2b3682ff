"""The machine-readable description of the API at /api/openapi.json: OpenAPI 3.1 with the answers we really
give.

The framework documents a 400 of its own shape for every input; ours are RFC 9457 problems, so the description
is corrected as it is rendered. Who may call is read from the routes themselves, not written down a second
time.
"""

from typing import Any, get_origin

import msgspec
from litestar import Router
from litestar._openapi.schema_generation import SchemaCreator
from litestar.connection import ASGIConnection, Request
from litestar.enums import MediaType
from litestar.exceptions import NotFoundException
from litestar.handlers.base import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Schema, SecurityScheme
from litestar.openapi.spec.enums import OpenAPIType
from litestar.plugins.pydantic import PydanticSchemaPlugin
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

VERSION = "1"
PATH = "/api/openapi.json"
BEARER = "bearer"

TEXT = {"type": "string"}
FAULT: dict[str, Any] = {
    "type": "object",
    "required": ["field", "code", "detail", "messages"],
    "properties": {
        "field": TEXT,
        "code": TEXT,
        "detail": TEXT,
        "messages": {"type": "object", "additionalProperties": TEXT},
    },
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457), in the language asked for; each `messages` has both languages.",
    "required": ["type", "title", "status", "detail", "code", "instance", "errors", "messages"],
    "properties": {
        "type": {**TEXT, "format": "uri-reference"},
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "code": TEXT,
        "instance": TEXT,
        "errors": {"type": "array", "items": FAULT},
        "messages": {"type": "object", "additionalProperties": TEXT},
    },
}
KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
"""Needed, but missed by us and not by the framework, which would not say why."""
REFUSAL = {
    "description": "A problem",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Description(JsonRenderPlugin):
    """Renders the framework's description with our corrections."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The corrected description as JSON."""
        return msgspec.json.encode(corrected(openapi_schema, _access_by_operation(request.app.routes)))


class ClosedSchemas(PydanticSchemaPlugin):
    """Says of a model what the framework leaves out or gets wrong: that it refuses unknown fields, and that a
    bounded mapping is an object (the framework calls it a list)."""

    @classmethod
    def for_pydantic_model(cls, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        """The framework's schema, closed where the model is."""
        schema = super().for_pydantic_model(field_definition, schema_creator)
        if field_definition.annotation.model_config.get("extra") == "forbid":
            schema.additional_properties = False
        properties = schema.properties or {}
        for name, field in field_definition.annotation.model_fields.items():
            described = properties.get(name)
            if (
                get_origin(field.annotation) is dict
                and isinstance(described, Schema)
                and described.max_length
            ):
                properties[name] = Schema(
                    type=OpenAPIType.OBJECT,
                    additional_properties=Schema(),
                    max_properties=described.max_length,
                )
        return schema


def configuration() -> OpenAPIConfig:
    """The framework's settings for the description; see `corrected` for the rest."""
    return OpenAPIConfig(
        title="Small business service center",
        version=VERSION,
        description="Policies and loans that fit a small enterprise: matching, applications and decisions.",
        use_handler_docstrings=True,
        render_plugins=[Description(path="/openapi.json", media_type=MediaType.JSON)],
        openapi_router=Router(
            path="/api",
            route_handlers=[],
            guards=[_only_the_description],
            opt={"access": "public"},
            include_in_schema=False,
        ),
        components=Components(
            security_schemes={BEARER: SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )


def corrected(description: dict[str, Any], access: dict[tuple[str, str], object]) -> dict[str, Any]:
    """The description with problems as its refusals and with who may call each operation.

    access: {(path, lower-case method): opt["access"] of the route}.
    """
    paths = {
        path: {
            method: _corrected_operation(operation, access.get((path, method)))
            for method, operation in item.items()
        }
        for path, item in description["paths"].items()
        if path.startswith("/api/")
    }
    components = description.get("components", {})
    schemas = {**components.get("schemas", {}), "Problem": PROBLEM}
    return {**description, "paths": paths, "components": {**components, "schemas": schemas}}


def _corrected_operation(operation: dict[str, Any], access: object) -> dict[str, Any]:
    responses = {
        status: answer for status, answer in operation.get("responses", {}).items() if status != "400"
    }
    described = {**operation, "responses": {**responses, "default": REFUSAL}}
    if "parameters" in operation:
        described["parameters"] = [
            {**parameter, **KEY} if parameter["name"] == KEY["name"] else parameter
            for parameter in operation["parameters"]
        ]
    if access == "public":
        return {**described, "security": []}
    roles = [str(role) for role in access] if isinstance(access, tuple) else []
    return {**described, "security": [{BEARER: []}], "x-roles": roles}


def _access_by_operation(routes: list[Any]) -> dict[tuple[str, str], object]:
    return {
        (route.path_format, method.lower()): handler.opt.get("access")
        for route in routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
    }


def _only_the_description(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Everything else the framework would answer under /api is not there."""
    if connection.scope["path"] != PATH:
        raise NotFoundException
