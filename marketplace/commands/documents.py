"""YAML files given on the command line: read once, bounded, and refused in one plain sentence.

A command's file is foreign input like any other: its size is bounded, and a key given twice is refused, because
which of two numbers counts is not ours to guess.
"""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1_000_000
MERGE = "tag:yaml.org,2002:merge"


class DocumentError(Exception):
    """A file that cannot be used: one sentence saying why."""


class _NoDuplicates(yaml.SafeLoader):
    """A safe loader that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if any(key.tag == MERGE for key, _ in node.value):
            raise DocumentError("the merge key `<<` is not understood; write the values out")
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if not all(isinstance(key, str | int | float) for key in keys):
            raise DocumentError("keys must be plain text")
        times = Counter(keys)
        if len(times) < len(keys):
            twice = next(key for key in keys if times[key] > 1)
            raise DocumentError(f"key `{one_line(str(twice), 80)}` is given twice")
        return super().construct_mapping(node, deep)


def read_mapping(file: str) -> dict[str, Any]:
    """The mapping a YAML file holds; "-" reads standard input. Raises DocumentError."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else _bytes(Path(file))
    except (OSError, ValueError) as error:  # ValueError: a name with U+0000
        reason = error.strerror if isinstance(error, OSError) else error
        raise DocumentError(f"cannot be read: {reason}") from error
    if len(data) > MAX_BYTES:
        raise DocumentError(f"larger than {MAX_BYTES} bytes")
    try:
        found = yaml.load(data, Loader=_NoDuplicates)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise DocumentError(f"not readable as YAML: {line}{one_line(str(error.problem))}") from error
    except (yaml.YAMLError, ValueError) as error:
        lines = str(error).splitlines()
        reason = one_line(lines[0]) if lines else type(error).__name__
        raise DocumentError(f"not readable as YAML: {reason}") from error
    except RecursionError as error:
        raise DocumentError("not readable as YAML: nested too deeply") from error
    except (KeyError, AttributeError, TypeError) as error:  # what PyYAML raises for `!!bool abc` and its like
        raise DocumentError("not readable as YAML: a value does not fit its tag") from error
    if not isinstance(found, dict):
        raise DocumentError("holds no mapping of names to values")
    return found


def one_line(text: str, longest: int = 400) -> str:
    """Text that may come from the file, printable and bounded, for the one line on standard error."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(c if c.isprintable() else "?" for c in cut)


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
