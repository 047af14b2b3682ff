"""The papers agree with the code: settings are documented, CI runs the README's command, no machine's address
leaks.

Read from the files that git tracks, since those are what a newcomer gets.
"""

import re
import subprocess
from pathlib import Path

import pytest

from marketplace.settings import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
TEXT = {
    ".py",
    ".md",
    ".txt",
    ".in",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    ".html",
    ".css",
    ".js",
    ".po",
    ".mako",
    "",
}
FORBIDDEN = (
    r"/work/(main|shared)",
    r"\.\./shared",
    r"/opt/(pypi|wheels)",
    r"pypi\.org/simple",
    r"files\.pythonhosted\.org",
    r"registry\.npmjs\.org",
    r"--(extra-)?index-url",
    r"--find-links",
    r"--trusted-host",
)
ALLOWED = {"tests/house/test_documents.py"}


def tracked() -> list[Path]:
    """The text files git tracks."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    paths = [Path(name) for name in names.split("\0") if name]
    return [path for path in paths if path.suffix in TEXT and (ROOT / path).is_file()]


class TestSettings:
    """Every variable the service reads is in docs/settings.md, and no other."""

    def test_are_all_documented_and_nothing_else_is(self) -> None:
        page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
        documented = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))
        assert documented == {*VARIABLES, "CHROMIUM"}

    def test_are_read_in_one_place_only(self) -> None:
        readers = [
            str(path)
            for path in tracked()
            if path.suffix == ".py"
            and path.parts[0]
            in {"marketplace", "policies", "loans", "auth", "eligibility", "pdf", "migrations"}
            and re.search(r"os\.(environ|getenv)", (ROOT / path).read_text(encoding="utf-8"))
        ]
        assert (
            set(readers)
            <= {
                "marketplace/settings.py",
                "marketplace/commands/serve.py",  # hands the embedded database's address to its workers
                "marketplace/commands/documents.py",  # asks the terminal for its language, which is no setting of ours
                "marketplace/embedded_postgres.py",  # passes PATH on
            }
        )


class TestCommands:
    """What the papers tell people to type."""

    def test_ci_runs_the_test_command_of_the_readme(self) -> None:
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        fenced = re.findall(r"^```[a-z]*\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
        command = (ROOT / ".ci" / "run").read_text(encoding="utf-8").strip().splitlines()[-1]
        assert any(command in [line.strip() for line in block.splitlines()] for block in fenced), command

    def test_python_packages_are_locked_with_hashes_and_without_addresses(self) -> None:
        for name in ("run", "dev", "node"):
            lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
            assert "--hash=sha256:" in lock
            assert "://" not in lock


class TestTrackedFiles:
    """Nothing of the machine they were written on."""

    @pytest.mark.parametrize("pattern", FORBIDDEN)
    def test_name_no_registry_and_no_path_of_this_machine(self, pattern: str) -> None:
        found = [
            str(path)
            for path in tracked()
            if str(path) not in ALLOWED
            and re.search(pattern, (ROOT / path).read_text(encoding="utf-8", errors="replace"))
        ]
        assert found == []
