"""YAML files given on the command line: read once, bounded, and refused in one plain sentence.

A command's file is foreign input like any other: its size is bounded, and a key given twice is refused, because
which of two numbers counts is not ours to guess.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1_000_000


class DocumentError(Exception):
    """A file that cannot be used: one sentence saying why."""


class _NoDuplicates(yaml.SafeLoader):
    """A safe loader that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if not all(isinstance(key, str | int | float) for key in keys):
            raise DocumentError("keys must be plain text")
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise DocumentError(f"key `{twice}` is given twice")
        return super().construct_mapping(node, deep)


def read_mapping(file: str) -> dict[str, Any]:
    """The mapping a YAML file holds; "-" reads standard input. Raises DocumentError."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else _bytes(Path(file))
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise DocumentError(f"larger than {MAX_BYTES} bytes")
    try:
        found = yaml.load(data, Loader=_NoDuplicates)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        lines = str(error).splitlines()
        raise DocumentError(f"not readable as YAML: {lines[0] if lines else type(error).__name__}") from error
    if not isinstance(found, dict):
        raise DocumentError("holds no mapping of names to values")
    return found


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
