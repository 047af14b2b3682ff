"""Every refusal a room can raise has a status and words in both languages.

Walks the errors modules themselves, so a new class without its line fails here and not in front of somebody.
"""

import importlib
import inspect
from importlib.util import find_spec

import pytest
from pydantic import BaseModel

from auth.schemas import PasswordLogin
from loans.schemas import DecisionInput
from marketplace.i18n import LANGS, catalogue
from marketplace.inputs import InvalidInput, read_model
from marketplace.problems import FIELD_KINDS, HTTP_CODES, problem_of
from marketplace.statuses import STATUS

ROOMS = (
    "auth",
    "policies",
    "loans",
    "eligibility",
    "marketplace.profiles",
    "marketplace.portal",
    "marketplace.documents",
)
"""Where people's refusals come from; those of pdf are our own bugs, since what it prints was checked before."""


def refusals() -> list[type[Exception]]:
    """The exception classes of every errors.py, without the base of each room."""
    found: list[type[Exception]] = []
    for room in ROOMS:
        if find_spec(room) is None or find_spec(f"{room}.errors") is None:
            continue
        module = importlib.import_module(f"{room}.errors")
        classes = [
            kind
            for _, kind in inspect.getmembers(module, inspect.isclass)
            if issubclass(kind, Exception) and kind.__module__ == module.__name__
        ]
        bases = {base for kind in classes for base in kind.__mro__[1:]}
        found += [kind for kind in classes if kind not in bases]
    return found


@pytest.mark.parametrize("kind", refusals(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_refusal_has_a_status(kind: type[Exception]) -> None:
    assert kind in STATUS


@pytest.mark.parametrize("lang", LANGS)
def test_every_code_has_its_words(lang: str) -> None:
    texts = catalogue(lang)
    codes = {code for kind in STATUS if isinstance(code := getattr(kind, "code", None), str)} | set(
        HTTP_CODES.values()
    )
    wanted = {f"error.{code}.{part}" for code in codes for part in ("title", "detail")}
    wanted |= {f"error.field.{kind}" for kind in FIELD_KINDS}
    silent = {"error.auth.login_needed.title", "error.auth.login_needed.detail"}  # a redirect, never shown
    assert sorted(wanted - silent - set(texts)) == []


def test_an_unexpected_error_tells_nothing() -> None:
    problem = problem_of(ZeroDivisionError("secret"))
    assert problem.status == 500
    assert "secret" not in str(problem)


REASON = {"code": "credit_record"}


@pytest.mark.parametrize(
    ("model", "body", "words"),
    [
        (PasswordLogin, {"username": "a" * 65, "password": "x"}, "最多 64 个字符"),
        (PasswordLogin, {"username": " ", "password": "x"}, "这一项必须填"),
        (DecisionInput, {"kind": "maybe"}, "只能填这些值：approve, decline"),
        (DecisionInput, {"kind": "decline", "reasons": [REASON] * 5}, "最多 4 项"),
        (
            DecisionInput,
            {"kind": "approve", "amount_yuan": 1},
            "批准要写明 amount_yuan、annual_rate_pct 和 term_months，不写 reasons",
        ),
        (
            DecisionInput,
            {"kind": "decline", "term_months": 1, "reasons": [REASON]},
            "拒绝只写 reasons，不写金额、利率和期限",
        ),
    ],
    ids=["long", "empty", "choice", "list", "approval", "decline"],
)
def test_a_field_is_told_what_is_wrong_in_the_readers_language(
    model: type[BaseModel], body: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_model(model, body)
    assert [fault.details["zh-CN"] for fault in problem_of(refused.value).faults] == [words]
