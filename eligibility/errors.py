"""What the engine can complain about: rules that do not parse or type, facts that do not fit.

Every complaint is a code with parameters and a place, plus its plain sentence in zh-CN and en, because
the same complaint is shown in an editor, a terminal and an API answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MESSAGES: Mapping[str, tuple[str, str]] = {
    "empty": ("规则是空的，至少写一个条件", "The rule is empty; write at least one condition"),
    "too_long": (
        "规则有 {length} 个字符，最多 {limit} 个",
        "The rule has {length} characters; the most is {limit}",
    ),
    "bad_character": ("这里不能用字符 `{text}`", "The character `{text}` cannot stand here"),
    "open_string": ("这段文字缺少结尾的引号", "This text has no closing quote"),
    "bad_escape": ("`{text}` 不是可用的转义", "`{text}` is not an escape that can be used"),
    "number_range": (
        "数字 `{text}` 超出范围，整数要在 64 位以内",
        "The number `{text}` is out of range; whole numbers must fit 64 bits",
    ),
    "expected": ("这里应该是{wanted}，却是 `{text}`", "Expected {wanted_en} here, not `{text}`"),
    "unexpected_end": ("规则在这里断了，还缺{wanted}", "The rule ends here, but {wanted_en} is missing"),
    "too_deep": ("嵌套超过 {limit} 层", "Nested deeper than {limit} levels"),
    "too_many_nodes": ("规则超过 {limit} 个部分", "The rule has more than {limit} parts"),
    "reserved_word": ("`{text}` 是保留字，不能做名字", "`{text}` is a reserved word and cannot be a name"),
    "unknown_fact": ("没有叫 `{name}` 的事实", "There is no fact called `{name}`"),
    "unknown_function": ("没有叫 `{name}` 的函数", "There is no function called `{name}`"),
    "argument_count": (
        "`{name}` 要 {wanted} 个参数，这里有 {got} 个",
        "`{name}` takes {wanted} arguments; there are {got}",
    ),
    "not_a_condition": (
        "这里要的是“是或否”的条件，`{text}` 不是",
        "A yes-or-no condition is needed here; `{text}` is not one",
    ),
    "not_a_number": ("这里要的是数字，`{text}` 不是", "A number is needed here; `{text}` is not one"),
    "not_money": (
        "金额公式要算出数字，`{text}` 不是",
        "A benefit formula must give a number; `{text}` does not",
    ),
    "type_mismatch": (
        "`{left}` 和 `{right}` 不是同一类，不能用 `{op}` 比较",
        "`{left}` and `{right}` are of different kinds and cannot be compared with `{op}`",
    ),
    "unit_mismatch": (
        "`{left}`（{left_unit}）和 `{right}`（{right_unit}）单位不同",
        "`{left}` ({left_unit}) and `{right}` ({right_unit}) have different units",
    ),
    "no_order": (
        "`{text}` 没有大小之分，不能用 `{op}`",
        "`{text}` has no order, so `{op}` cannot be used",
    ),
    "not_allowed": ("`{name}` 没有取值 `{value}`", "`{value}` is not a value of `{name}`"),
    "bad_code": ("`{value}` 不是 `{name}` 的代码", "`{value}` is not a code of `{name}`"),
    "bad_date": ("`{text}` 不是存在的日期", "`{text}` is not a date that exists"),
    "date_as_text": (
        '日期要写成 date("{text}")',
        'Write a date as date("{text}")',
    ),
    "list_needed": ("`{op}` 的右边要写成列表", "A list is needed on the right of `{op}`"),
    "no_list_here": (
        "列表 `{text}` 不能比较，只能写在 in 的右边或函数里",
        "The list `{text}` cannot be compared; a list stands on the right of `in` or in a function",
    ),
    "not_text": ("规则要是一段文字", "A rule must be text"),
    "constant_needed": ("`{name}` 在这里只接受写定的值", "`{name}` takes only a written value here"),
    "empty_list": ("列表是空的，永远不成立", "The list is empty, so it can never hold"),
    "mixed_list": ("列表里的值要是同一类", "The values of a list must be of one kind"),
    "count_range": (
        "at_least 的个数要在 1 到 {limit} 之间",
        "The count of at_least must lie between 1 and {limit}",
    ),
    "divide_by_zero": ("不能除以 0", "Nothing can be divided by 0"),
    "divide_by_fact": (
        "只能除以写定的数，`{text}` 不是",
        "Only a written number can be divided by; `{text}` is not one",
    ),
    "fact_unknown": ("没有叫 `{fact}` 的事实", "There is no fact called `{fact}`"),
    "fact_derived": (
        "`{fact}` 由其他事实推出，不能直接填",
        "`{fact}` is worked out from other facts and cannot be given",
    ),
    "fact_context": ("`{fact}` 由服务填写，不能自己填", "`{fact}` is set by the service and cannot be given"),
    "fact_never_none": (
        "`{fact}` 不能是 null：这一项总是有的；不知道就不要写它",
        "`{fact}` cannot be null: everybody has one; leave it out when it is unknown",
    ),
    "fact_wants_bool": ("`{fact}` 要填 true 或 false", "`{fact}` must be true or false"),
    "fact_wants_int": ("`{fact}` 要填整数，例如 8", "`{fact}` must be a whole number, such as 8"),
    "fact_wants_number": ("`{fact}` 要填数字，例如 120000", "`{fact}` must be a number, such as 120000"),
    "fact_wants_text": ("`{fact}` 要填文字，写在引号里", "`{fact}` must be text, written in quotes"),
    "fact_wants_date": (
        "`{fact}` 要填存在的日期，例如 2020-03-31",
        "`{fact}` must be a date that exists, such as 2020-03-31",
    ),
    "fact_not_allowed": (
        "`{fact}` 没有取值 `{value}`，可用：{allowed}",
        "`{value}` is not a value of `{fact}`; use one of: {allowed}",
    ),
    "fact_bad_code": ("`{value}` 不是 `{fact}` 的代码", "`{value}` is not a code of `{fact}`"),
    "fact_elsewhere": (
        "`{fact}` 填的 {value} 在 {lies_in}，不在 `{around}` 填的 {said}；两个地方要一致",
        "{value}, given as `{fact}`, lies in {lies_in}, not in {said}, given as `{around}`; the two must agree",
    ),
    "fact_too_small": ("`{fact}` 不能小于 {limit}", "`{fact}` cannot be less than {limit}"),
    "fact_too_large": ("`{fact}` 不能大于 {limit}", "`{fact}` cannot be more than {limit}"),
    "fact_too_precise": (
        "`{fact}` 最多 {limit} 位小数",
        "`{fact}` can have at most {limit} decimal places",
    ),
}


def message(code: str, params: Mapping[str, object], lang: str) -> str:
    """The plain sentence of a complaint. `lang` is "zh-CN" or "en"."""
    zh, en = MESSAGES[code]
    return (en if lang.startswith("en") else zh).format(**params)


class EligibilityError(Exception):
    """Whatever the engine refuses."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One complaint about a rule's text: characters start..end, what is wrong, and what was perhaps meant."""

    code: str
    start: int
    end: int
    params: Mapping[str, object] = field(default_factory=dict)
    suggestion: str | None = None

    def message(self, lang: str = "en") -> str:
        """The sentence, with the suggestion as a second one."""
        text = message(self.code, self.params, lang)
        if self.suggestion is None:
            return text
        hint = (
            f"did you mean `{self.suggestion}`?" if lang.startswith("en") else f"是不是 `{self.suggestion}`？"
        )
        return f"{text}; {hint}" if lang.startswith("en") else f"{text}；{hint}"

    def to_json(self, lang: str = "en") -> dict[str, object]:
        """`{code, start, end, message, suggestion}` for an editor."""
        return {
            "code": self.code,
            "start": self.start,
            "end": self.end,
            "message": self.message(lang),
            "suggestion": self.suggestion,
        }


class RuleError(EligibilityError):
    """A rule's text cannot be used. `.diagnostics` holds every complaint found, in the order of the text."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__("; ".join(f"{d.start}-{d.end}: {d.message()}" for d in diagnostics))


@dataclass(frozen=True, slots=True)
class FactProblem:
    """One complaint about one fact."""

    fact: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, lang: str = "en") -> str:
        """The plain sentence in zh-CN or en."""
        return message(self.code, {"fact": self.fact, **self.params}, lang)


class FactsError(EligibilityError):
    """Facts that do not fit the vocabulary. `.problems` names each fact once."""

    def __init__(self, problems: tuple[FactProblem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(p.message() for p in problems))


class VocabularyError(EligibilityError):
    """A vocabulary file that cannot be used: where, and what is wrong."""
