"""A module that is loaded late is loaded once, whole, whoever asks first."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eligibility.lazily import lazily

SOURCE = "import time\nFIRST = 1\nprint('loaded')\ntime.sleep(0.2)\nLAST = 2\n"


def test_threads_that_use_it_at_once_all_meet_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loaded_late.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = lazily("loaded_late")
    assert "loaded_late" not in sys.modules
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: module.LAST, range(4)))
    monkeypatch.delitem(sys.modules, "loaded_late")
    assert (found, capsys.readouterr().out.split()) == ([2] * 4, ["loaded"])


def test_one_there_is_not_is_missed_at_once() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        lazily("no_such_module")
