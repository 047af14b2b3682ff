"""The rooms know only the rooms below them: the import contracts of pyproject.toml hold.

Run as the real tool, so that `make check` and this test can never disagree.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class TestArrows:
    """DESIGN's arrows."""

    def test_hold(self) -> None:
        tool = Path(sys.executable).with_name("lint-imports")
        done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
