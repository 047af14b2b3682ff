"""YAML files given on the command line: read once, bounded, and refused in one plain sentence.

A command's file is foreign input like any other: its size is bounded, and a key given twice is refused, because
which of two numbers counts is not ours to guess. What is wrong is told in the terminal's language.
"""

import argparse
import datetime as dt
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from eligibility import FactsError
from marketplace.i18n import translate

MAX_BYTES = 1_000_000
MERGE = "tag:yaml.org,2002:merge"


class DocumentError(Exception):
    """A file that cannot be used: one sentence saying why."""


def language() -> str:
    """The terminal's language by the environment's own rule (LC_ALL, LC_MESSAGES, LANG): zh-CN or en."""
    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh-CN" if named.lower().startswith("zh") else "en"


def say(key: str, **params: object) -> str:
    """A text of the commands in the terminal's language."""
    return translate(language(), f"command.{key}", **params)


def day(text: str) -> dt.date:
    """The day an option names, for argparse. Raises argparse.ArgumentTypeError with words a person can act on."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass  # 30 February: told like any other text that is no day
    raise argparse.ArgumentTypeError(say("no_day", text=one_line(text, 40)))


def refused(error: Exception) -> str:
    """Why a file's content was refused, in one line and in the terminal's language where it is known in both."""
    if isinstance(error, FactsError):
        return one_line("; ".join(problem.message(language()) for problem in error.problems))
    return one_line(str(error))


class _NoDuplicates(yaml.SafeLoader):
    """A safe loader that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if any(key.tag == MERGE for key, _ in node.value):
            raise DocumentError(say("merge"))
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if not all(isinstance(key, str | int | float) for key in keys):
            raise DocumentError(say("keys"))
        times = Counter(keys)
        if len(times) < len(keys):
            twice = next(key for key in keys if times[key] > 1)
            raise DocumentError(say("twice", name=one_line(str(twice), 80)))
        return super().construct_mapping(node, deep)


def read_mapping(file: str) -> dict[str, Any]:
    """The mapping a YAML file holds; "-" reads standard input. Raises DocumentError."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else _bytes(Path(file))
    except (OSError, ValueError) as error:  # ValueError: a name with U+0000
        reason = error.strerror if isinstance(error, OSError) else error
        raise DocumentError(say("unreadable", reason=reason)) from error
    if len(data) > MAX_BYTES:
        raise DocumentError(say("too_large", limit=MAX_BYTES))
    try:
        found = yaml.load(data, Loader=_NoDuplicates)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"{error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise DocumentError(say("no_yaml", reason=f"{line}{one_line(str(error.problem))}")) from error
    except (yaml.YAMLError, ValueError) as error:
        lines = str(error).splitlines()
        reason = one_line(lines[0]) if lines else type(error).__name__
        raise DocumentError(say("no_yaml", reason=reason)) from error
    except RecursionError as error:
        raise DocumentError(say("no_yaml", reason=say("too_deep"))) from error
    except (KeyError, AttributeError, TypeError) as error:  # what PyYAML raises for `!!bool abc` and its like
        raise DocumentError(say("no_yaml", reason=say("bad_tag"))) from error
    if not isinstance(found, dict):
        raise DocumentError(say("no_mapping"))
    return found


def one_line(text: str, longest: int = 400) -> str:
    """Text that may come from the file, printable and bounded, for the one line on standard error."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(c if c.isprintable() else "?" for c in cut)


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
