"""Modules that are loaded when something of theirs is first used.

z3 and numba's compiler take more memory than all the rest, and most processes need neither. Not Python's LazyLoader:
before 3.12 two threads that use such a module for the first time at once meet it half loaded.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands for a module; the import system's own lock sees to it that it is loaded once and whole."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(importlib.import_module(self.__name__), name)
        setattr(self, name, found)
        return found


def lazily(name: str) -> ModuleType:
    """The module; its code runs at the first look at one of its attributes. Raises ModuleNotFoundError at once."""
    if name in sys.modules:
        return sys.modules[name]
    if importlib.util.find_spec(name) is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return Later(name)
