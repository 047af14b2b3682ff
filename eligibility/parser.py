"""Text of the CEL subset -> tree, or diagnostics with their places.

A hand-written descent over the grammar of cel-spec (doc/langdef.md), because it must bound depth and size
before the tree exists and point at the very character. Nothing here knows the vocabulary.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from eligibility.errors import Diagnostic, RuleError
from eligibility.syntax import (
    COMPARISONS,
    And,
    Arith,
    Call,
    Compare,
    Cond,
    In,
    ListOf,
    Literal,
    Negate,
    Node,
    Not,
    Or,
    Ref,
)

MAX_LENGTH = 20_000
MAX_DEPTH = 64
MAX_NODES = 500
INT_MIN, INT_MAX = -(2**63), 2**63 - 1

# Words CEL keeps for itself (cel-spec, doc/langdef.md, "Syntax").
RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    )
)
NEWLINES = ("\n", "\r")
ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "?": "?",
    '"': '"',
    "'": "'",
    "`": "`",
}
NUMBER = re.compile(r"0x[0-9a-fA-F]+|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OPERATOR = re.compile(r"&&|\|\||[=!<>]=|[][<>!(),.?:+*/-]")
SPACE = " \t\n\r\f"


@dataclass(frozen=True, slots=True)
class Token:
    """kind is "name", "number", "text", "op" or "end"."""

    kind: str
    text: str
    start: int
    end: int
    value: object = None


def refuse(code: str, start: int, end: int, suggestion: str | None = None, **params: object) -> NoReturn:
    """Stop with one diagnostic."""
    raise RuleError((Diagnostic(code, start, end, params, suggestion),))


class Lexer:
    """Characters -> tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def next(self) -> Token:
        """The next token; one of kind "end" for ever after the last."""
        self.skip()
        if self.at >= len(self.text):
            return Token("end", "", self.at, self.at)
        return self.token()

    def skip(self) -> None:
        text, end = self.text, len(self.text)
        while self.at < end:
            if text[self.at] in SPACE:
                self.at += 1
            elif text.startswith("//", self.at):
                while self.at < end and text[self.at] != "\n":
                    self.at += 1
            else:
                return

    def token(self) -> Token:
        text, start = self.text, self.at
        char = text[start]
        raw = char in "rR" and text[start + 1 : start + 2] in ("'", '"') and text[start + 1 : start + 2] != ""
        if char in "'\"" or raw:
            return self.string(start, raw)
        if char in "0123456789" or (char == "." and text[start + 1 : start + 2] in tuple("0123456789")):
            return self.number(start)
        word = WORD.match(text, start)
        if word:
            self.at = word.end()
            return Token("name", word.group(), start, self.at)
        op = OPERATOR.match(text, start)
        if op:
            self.at = op.end()
            return Token("op", op.group(), start, self.at)
        suggestion = {"=": "==", "&": "&&", "|": "||"}.get(char)
        return refuse("bad_character", start, start + 1, suggestion, text=char)

    def number(self, start: int) -> Token:
        match = NUMBER.match(self.text, start)
        assert match is not None  # the caller saw a digit
        text = match.group()
        self.at = match.end()
        after = WORD.match(self.text, self.at)
        if after:  # 12abc, or CEL's unsigned 12u, which the subset leaves out
            refuse("bad_character", self.at, after.end(), text=after.group())
        if text.startswith("0x"):
            value: object = int(text, 16) if len(text) <= 18 else INT_MAX + 2
        elif any(c in text for c in ".eE"):
            return Token("number", text, start, self.at, self.decimal(text, start))
        else:
            value = int(text) if len(text) <= 30 else INT_MAX + 2
        if isinstance(value, int) and value > INT_MAX + 1:
            refuse("number_range", start, self.at, text=text[:30])
        return Token("number", text, start, self.at, value)

    def decimal(self, text: str, start: int) -> Decimal:
        exponent = re.search(r"[eE]([+-]?\d+)$", text)
        if len(text) > 40 or (exponent and (len(exponent.group(1)) > 3 or abs(int(exponent.group(1))) > 18)):
            refuse("number_range", start, self.at, text=text[:30])
        return Decimal(text)

    def string(self, start: int, raw: bool) -> Token:
        text = self.text
        at = start + (1 if raw else 0)
        quote = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
        at += len(quote)
        out: list[str] = []
        while True:
            if at >= len(text) or (len(quote) == 1 and text[at] in NEWLINES):
                refuse("open_string", start, min(at, len(text)))
            if text.startswith(quote, at):
                break
            if text[at] == "\\" and not raw:
                piece, at = self.escape(at)
                out.append(piece)
            else:
                out.append(text[at])
                at += 1
        self.at = at + len(quote)
        value = "".join(out)
        if any(c == "\0" or 0xD800 <= ord(c) <= 0xDFFF for c in value):
            refuse("bad_character", start, self.at, text=text[start : start + 1])
        return Token("text", text[start : self.at], start, self.at, value)

    def escape(self, at: int) -> tuple[str, int]:
        text = self.text
        char = text[at + 1 : at + 2]
        if char and char in ESCAPES:
            return ESCAPES[char], at + 2
        for lead, width, base in (("x", 2, 16), ("X", 2, 16), ("u", 4, 16), ("U", 8, 16)):
            digits = text[at + 2 : at + 2 + width]
            if char == lead and re.fullmatch(rf"[0-9a-fA-F]{{{width}}}", digits):
                point = int(digits, base)
                if point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF:
                    return chr(point), at + 2 + width
        octal = re.match(r"[0-3][0-7]{2}", text[at + 1 : at + 4])
        if octal:
            return chr(int(octal.group(), 8)), at + 4
        return refuse("bad_escape", at, min(at + 2, len(text)), text=text[at : at + 2])


# Loosest first; every level binds its operands tighter than the one before it.
LEVELS: tuple[tuple[str, ...], ...] = (("||",), ("&&",), (*COMPARISONS, "in"), ("+", "-"), ("*", "/"))
LEVEL_OF = {op: level for level, ops in enumerate(LEVELS) for op in ops}


class Parser:
    """Tokens -> tree, by the precedence of CEL: ?: then || then && then relations then + - then * / then ! -."""

    def __init__(self, text: str) -> None:
        self.lexer = Lexer(text)
        self.peek = self.last = self.lexer.next()
        self.depth = -1  # the whole rule is no level of its own
        self.nodes = 0

    def parse(self) -> Node:
        node = self.expression()
        if self.peek.kind != "end":
            self.wrong("一个运算符，例如 &&", "an operator such as &&")
        return node

    def take(self) -> Token:
        """The token at hand; the next one is read only now, so that bounds hold before the whole text is read."""
        token = self.last = self.peek
        self.peek = self.lexer.next()
        return token

    def is_op(self, *ops: str) -> bool:
        return self.peek.kind == "op" and self.peek.text in ops

    def wrong(self, wanted: str, wanted_en: str) -> NoReturn:
        token = self.peek
        if token.kind == "end":
            refuse("unexpected_end", max(0, token.start - 1), token.end, wanted=wanted, wanted_en=wanted_en)
        suggestion = {"and": "&&", "or": "||", "not": "!", "AND": "&&", "OR": "||"}.get(token.text)
        shown = token.text[:40]
        refuse("expected", token.start, token.end, suggestion, wanted=wanted, wanted_en=wanted_en, text=shown)

    def expect(self, op: str) -> Token:
        if not self.is_op(op):
            self.wrong(f"`{op}`", f"`{op}`")
        return self.take()

    def count(self, start: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            refuse("too_many_nodes", start, self.peek.end, limit=MAX_NODES)

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            refuse("too_deep", self.last.start, self.last.end, limit=MAX_DEPTH)

    def expression(self) -> Node:
        self.enter()
        start = self.peek.start
        node = self.binary(0)
        if self.is_op("?"):
            self.take()
            then = self.binary(0)
            self.expect(":")
            otherwise = self.expression()
            self.count(start)
            node = Cond(node, then, otherwise, span=(start, otherwise.span[1]))
        self.depth -= 1
        return node

    def binary(self, loosest: int) -> Node:
        """Operands joined by operators of level `loosest` and tighter, left to right."""
        start = self.peek.start
        node = self.unary()
        while True:
            level = LEVEL_OF.get(self.peek.text, -1) if self.peek.kind in ("op", "name") else -1
            if level < loosest:
                return node
            op = self.take().text
            right = self.binary(level + 1)
            self.count(start)
            node = self.join(op, node, right, (start, right.span[1]))

    def join(self, op: str, left: Node, right: Node, span: tuple[int, int]) -> Node:
        if op in ("&&", "||"):
            kind = And if op == "&&" else Or
            flat: list[Node] = []
            for side in (left, right):
                flat.extend(side.children() if isinstance(side, kind) else (side,))
            return kind(tuple(flat), span=span)
        if op == "in":
            return In(left, right, span=span)
        if op in COMPARISONS:
            return Compare(op, left, right, span=span)
        return Arith(op, left, right, span=span)

    def unary(self) -> Node:
        if not self.is_op("!", "-"):
            return self.member()
        op = self.take()
        self.enter()
        operand = self.unary()
        self.depth -= 1
        span = (op.start, operand.span[1])
        if op.text == "-" and isinstance(operand, Literal) and type(operand.value) in (int, Decimal):
            return Literal(-operand.value, span=span)  # type: ignore[operator]
        self.count(op.start)
        return Negate(operand, span=span) if op.text == "-" else Not(operand, span=span)

    def member(self) -> Node:
        node = self.primary()
        while self.is_op("."):
            self.take()
            if self.peek.kind != "name":
                self.wrong("函数名", "a function name")
            name = self.take()
            self.expect("(")
            args = self.arguments(")")
            end = self.expect(")").end
            self.count(node.span[0])
            node = Call(name.text, (node, *args), span=(node.span[0], end))
        return node

    def arguments(self, closing: str) -> list[Node]:
        found: list[Node] = []
        while not self.is_op(closing):
            found.append(self.expression())
            if not self.is_op(","):
                break
            self.take()
            if closing == ")" and self.is_op(closing):
                self.wrong("一个参数", "an argument")
        return found

    def primary(self) -> Node:
        token = self.peek
        if token.kind == "op" and token.text == "(":
            self.take()
            node = self.expression()
            self.expect(")")
            return node
        if token.kind == "op" and token.text == "[":
            self.take()
            items = self.arguments("]")
            end = self.expect("]").end
            self.count(token.start)
            return ListOf(tuple(items), span=(token.start, end))
        if token.kind in ("number", "text"):
            self.take()
            self.count(token.start)
            return Literal(token.value, span=(token.start, token.end))  # type: ignore[arg-type]
        if token.kind == "name":
            return self.named(self.take())
        return self.wrong("一个事实、数值或括号", "a fact, a value or a bracket")

    def named(self, token: Token) -> Node:
        self.count(token.start)
        if token.text in ("true", "false"):
            return Literal(token.text == "true", span=(token.start, token.end))
        if token.text in RESERVED or token.text in ("in", "null"):
            refuse("reserved_word", token.start, token.end, text=token.text)
        if not self.is_op("("):
            return Ref(token.text, span=(token.start, token.end))
        self.take()
        args = self.arguments(")")
        span = (token.start, self.expect(")").end)
        if token.text == "date" and len(args) == 1 and isinstance(args[0], Literal):
            return self.date(args[0], span)
        return Call(token.text, tuple(args), span=span)

    def date(self, argument: Literal, span: tuple[int, int]) -> Node:
        text = argument.value
        if isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            try:
                return Literal(dt.date.fromisoformat(text), span=span)
            except ValueError:
                pass  # refused just below, with its place
        return refuse("bad_date", *argument.span, text=str(text)[:40])


def check_bounds(root: Node) -> None:
    """Refuse whole numbers past 64 bits and trees (a long chain of `+` too) deeper than 64."""
    stack = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            refuse("too_deep", *node.span, limit=MAX_DEPTH)
        if isinstance(node, Literal) and type(node.value) is int and not INT_MIN <= node.value <= INT_MAX:
            refuse("number_range", *node.span, text=str(node.value)[:30])
        stack.extend((child, depth + 1) for child in node.children())


def read(text: str) -> Node:
    """The tree of `text`. Raises RuleError; nothing else, whatever the text.

    Bounds: 20,000 characters, 64 levels, 500 nodes.
    """
    if not isinstance(text, str):
        refuse("not_text", 0, 0)
    if len(text) > MAX_LENGTH:
        refuse("too_long", 0, len(text), length=len(text), limit=MAX_LENGTH)
    if not text.strip():
        refuse("empty", 0, len(text))
    try:
        root = Parser(text).parse()
    except RecursionError:  # the caller left less of the stack than 64 levels take
        refuse("too_deep", 0, len(text), limit=MAX_DEPTH)
    check_bounds(root)
    return root
