"""Every refusal of the service, from one table: an RFC 9457 problem for the API, a page for people, same
words.

Rooms raise plain exceptions that know no HTTP; statuses.py gives each class its status, and the catalogues
give `error.<code>.title` and `.detail` their words.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

import msgspec
from jinja2 import TemplateError
from litestar.connection import Request
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.response import Redirect, Response
from litestar.types import ExceptionHandlersMap

from auth.errors import LoginNeeded
from auth.guards import is_api
from eligibility.errors import FactProblem, FactsError, RuleError
from marketplace.fact_words import problem_words
from marketplace.faults import is_unavailable, is_unstorable
from marketplace.i18n import LANGS, translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.profiles.errors import FactsRefused
from marketplace.statuses import STATUS
from marketplace.unit_of_work import drop_changes
from marketplace.web.render import page
from policies.errors import Hindered, InputsRefused, PoliciesError

log = logging.getLogger("marketplace")

MEDIA_TYPE = "application/problem+json"
SEPARATED = 10_000
"""From here on a number in a message gets separators."""
MACHINES = ("/health/", "/metrics", "/static/")

HTTP_CODES: Mapping[int, str] = {
    400: "http.bad_request",
    401: "http.not_authenticated",
    403: "http.forbidden",
    404: "http.not_found",
    405: "http.method_not_allowed",
    406: "http.not_acceptable",
    413: "http.too_large",
    415: "http.unsupported_media_type",
    422: "input.invalid",
    429: "http.too_many_requests",
    500: "http.unexpected",
    503: "http.unavailable",
}

FIELD_KINDS = frozenset(
    {
        "missing", "extra_forbidden", "string_type", "int_type", "int_from_float", "bool_type", "float_type",
        "decimal_type", "decimal_parsing", "decimal_max_places", "decimal_max_digits", "decimal_whole_digits",
        "list_type", "dict_type", "model_type", "literal_error", "enum", "date_type", "date_parsing",
        "date_from_datetime_parsing", "day_range", "datetime_type", "datetime_parsing", "timezone_aware", "uuid_type",
        "uuid_parsing", "string_too_short", "string_too_long", "string_pattern_mismatch", "too_short", "too_long",
        "greater_than", "greater_than_equal", "less_than", "less_than_equal", "text.unstorable", "none_required",
        "json_invalid", "json_duplicate", "int_parsing_size", "finite_number", "string_unicode", "decision.approval",
        "decision.decline",
    }
)  # fmt: skip
"""Pydantic's error types that have words of their own (`error.field.<type>`); others say
`error.field.invalid`.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One field at fault: its dotted path, a code, and the words in both languages."""

    field: str
    code: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal, ready for either form. titles and details: {language: words}."""

    status: int
    code: str
    titles: Mapping[str, str]
    details: Mapping[str, str]
    faults: tuple[Fault, ...] = ()

    def said(self, lang: str) -> str:
        """What is wrong and what to do, as one text: how a form tells a refusal."""
        return _said(lang, self.titles[lang], self.details[lang])

    def said_in_each(self) -> dict[str, str]:
        """The same in each language."""
        return {lang: self.said(lang) for lang in LANGS}

    def to_json(self, lang: str, instance: str) -> dict[str, Any]:
        """The members of RFC 9457, plus code, errors and every detail in both languages."""
        return {
            "type": f"/problems/{self.code}",
            "title": self.titles[lang],
            "status": self.status,
            "detail": self.details[lang],
            "code": self.code,
            "instance": instance,
            "errors": [
                {
                    "field": fault.field,
                    "code": fault.code,
                    "detail": fault.details[lang],
                    "messages": dict(fault.details),
                }
                for fault in self.faults
            ],
            "messages": dict(self.details),
        }


def problem_of(error: Exception) -> Problem:
    """What to tell the caller about any exception; unexpected ones tell nothing and are a 500."""
    if isinstance(error, RuleError):
        return _problem(422, "eligibility.rule", {}, _rule_faults(error))
    if isinstance(error, FactsError | FactsRefused):
        return _problem(
            422, "eligibility.facts", {"count": len(error.problems)}, _fact_faults(error.problems)
        )
    if isinstance(error, InputsRefused):
        return _problem(422, error.code, error.params, _fact_faults(error.problems, "inputs"))
    if isinstance(error, Hindered):
        return _problem(409, error.code, error.params, tuple(_hindrance(h) for h in error.hindrances))
    if isinstance(error, InvalidInput):
        return _problem(422, "input.invalid", {"count": len(error.faults)}, _input_faults(error))
    status = _status(error)
    if status is not None and isinstance(code := getattr(error, "code", None), str):
        params: Mapping[str, object] = getattr(error, "params", {})
        return _problem(status, code, params, _own_fault(error, code, params))
    if isinstance(error, ValidationException):
        return _problem(422, "input.invalid", {"count": len(error.extra or ())}, _framework_faults(error))
    if _too_deep(error):
        return _problem(422, "http.too_deep", {})
    if isinstance(error.__cause__, SerializationException):
        return _problem(422, "http.bad_request", {})
    if isinstance(error, HTTPException):
        code = HTTP_CODES.get(
            error.status_code, "http.bad_request" if error.status_code < 500 else "http.unexpected"
        )
        return _problem(error.status_code, code, {})
    if is_unavailable(error):
        return _problem(503, "http.unavailable", {})
    if is_unstorable(error):
        return _problem(422, "http.unstorable", {})
    return _problem(500, "http.unexpected", {})


def _too_deep(error: BaseException | None) -> bool:
    """Whether something nested beyond all bounds is behind an error, however the framework has wrapped it."""
    seen: set[int] = set()  # a failed commit is raised from the very error it caused
    while error is not None and id(error) not in seen:
        if isinstance(error, RecursionError):
            return True
        seen.add(id(error))
        error = error.__cause__
    return False


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The framework's exception handler for everything: a redirect to sign in, a problem or a page."""
    drop_changes(request)
    if isinstance(error, LoginNeeded):
        return Redirect(error.location, status_code=303)
    problem = problem_of(error)
    if problem.status >= 500:
        log.error("%s %s: %s", request.method, request.url.path, problem.code, exc_info=error)
    lang = language_of(request)
    path = request.url.path
    if is_api(request) or path.startswith(MACHINES):
        body = msgspec.json.encode(problem.to_json(lang, path))
        response: Response[Any] = Response(body, status_code=problem.status, media_type=MEDIA_TYPE)
    else:
        response = page_of(request, problem, lang)
    response.headers.update(_headers(error, problem))
    response.headers["content-language"] = lang
    return response


HANDLERS: ExceptionHandlersMap = {Exception: answer}


def page_of(request: Request[Any, Any, Any], problem: Problem, lang: str) -> Response[Any]:
    """The problem as a page of the service; should even that fail, one without templates."""
    shown: dict[str, Any] = {
        "title": problem.titles[lang],
        "detail": problem.details[lang],
        "problem": problem,
    }
    try:
        return page(request, "_layout/error.html", status_code=problem.status, **shown)
    except (TemplateError, KeyError, OSError) as error:
        log.error("the error page itself failed", exc_info=error)
        return last_resort_page(problem, lang)


def last_resort_page(problem: Problem, lang: str) -> Response[Any]:
    """A page without templates, for when those cannot be rendered."""
    title, detail = escape(problem.titles[lang]), escape(problem.details[lang])
    page = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body><main><h1>{title}</h1><p>{detail}</p><p><a href="/">{translate(lang, "error.http.home")}</a></p>'
        "</main></body></html>"
    )
    return Response(page, status_code=problem.status, media_type="text/html; charset=utf-8")


def _status(error: Exception) -> int | None:
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)


def _problem(status: int, code: str, params: Mapping[str, object], faults: tuple[Fault, ...] = ()) -> Problem:
    return Problem(
        status, code, _words(f"error.{code}.title", params), _words(f"error.{code}.detail", params), faults
    )


def _words(key: str, params: Mapping[str, object]) -> dict[str, str]:
    shown = {name: _shown(value) for name, value in params.items()}
    return {lang: translate(lang, key, **shown) for lang in LANGS}


def _shown(value: object) -> object:
    """A parameter as people read it: a list with commas, a large number with separators."""
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(part) for part in value)
    if isinstance(value, int | float | Decimal) and abs(Decimal(value)) >= SEPARATED:
        return f"{value:,}"
    return value


def _own_fault(error: Exception, code: str, params: Mapping[str, object]) -> tuple[Fault, ...]:
    """The field a refusal of ours is about, told as a whole: beside a field stands no title."""
    name = getattr(error, "field", None)
    if not isinstance(name, str):
        return ()
    titles, details = _words(f"error.{code}.title", params), _words(f"error.{code}.detail", params)
    return (Fault(name, code, {lang: _said(lang, titles[lang], details[lang]) for lang in LANGS}),)


def _said(lang: str, title: str, detail: str) -> str:
    return translate(lang, "error.said", title=title, detail=detail)


def _hindrance(error: PoliciesError) -> Fault:
    return Fault(error.field or "action", error.code, problem_of(error).said_in_each())


def _input_faults(error: InvalidInput) -> tuple[Fault, ...]:
    return tuple(
        Fault(fault.field, fault.kind, _words(_field_key(fault.kind), fault.params)) for fault in error.faults
    )


def _field_key(kind: str) -> str:
    return f"error.field.{kind if kind in FIELD_KINDS else 'invalid'}"


def _framework_faults(error: ValidationException) -> tuple[Fault, ...]:
    """Faults of path and query parameters, which the framework checks; its English words are not shown.

    `data` is what handlers call the body: it is at fault only when there is none.
    """
    extra = error.extra if isinstance(error.extra, list) else []
    names = [str(item.get("key", "")) for item in extra if isinstance(item, dict)]
    return tuple(
        Fault("", "missing", _words("error.field.body_missing", {}))
        if name == "data"
        else Fault(name, "invalid", _words("error.field.invalid", {}))
        for name in names
    )


def _fact_faults(problems: tuple[FactProblem, ...], within: str = "facts") -> tuple[Fault, ...]:
    return tuple(
        Fault(
            f"{within}.{problem.fact}", problem.code, {lang: problem_words(problem, lang) for lang in LANGS}
        )
        for problem in problems
    )


def _rule_faults(error: RuleError) -> tuple[Fault, ...]:
    return tuple(
        Fault(f"rule[{found.start}:{found.end}]", found.code, {lang: found.message(lang) for lang in LANGS})
        for found in error.diagnostics
    )


def _headers(error: Exception, problem: Problem) -> dict[str, str]:
    headers: dict[str, str] = {}
    if isinstance(error, HTTPException) and error.headers:
        headers.update({name.lower(): value for name, value in error.headers.items()})
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    if problem.status == 503:
        headers["retry-after"] = "5"
    if isinstance(seconds := getattr(error, "retry_after", None), int):
        headers["retry-after"] = str(seconds)
    return headers
