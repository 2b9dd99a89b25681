"""Finding the programs that pgsm runs, and saying what to install where one is missing.

Nothing here changes the machine: every function looks, and raises SetupError with
the command to type.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

DEBIAN_ROOT = Path("/usr/lib/postgresql")
OLDEST_SERVER = 15
DEFAULT_SERVER = 15
PACKAGES_OF_EXTENSIONS = {
    "plpython3u": "postgresql-plpython3-{version}",
    "jsonb_plpython3u": "postgresql-plpython3-{version}",
    "pg_cron": "postgresql-{version}-cron",
}


class SetupError(Exception):
    """Something on this machine is missing or in the way; `hint` says what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Server:
    """The programs of one PostgreSQL installation."""

    bin: Path
    version: int

    def program(self, name: str) -> str:
        return str(self.bin / name)


def find_server(
    roots: Sequence[Path] = (DEBIAN_ROOT,), extensions: Sequence[str] | None = None
) -> Server:
    """The newest server that has all extensions pgsm needs.

    Raises SetupError naming the Debian packages that are missing: of the newest
    server where there is one, of the distribution's default otherwise.
    """
    wanted = tuple(PACKAGES_OF_EXTENSIONS) if extensions is None else extensions
    servers = [s for s in installed_servers(roots) if s.version >= OLDEST_SERVER]
    complete = [s for s in servers if not missing_extensions(s, wanted)]
    if complete:
        return complete[0]
    if not servers:
        version = _debian_default()
        missing: Iterable[str] = PACKAGES_OF_EXTENSIONS
        raise SetupError(
            f"no PostgreSQL server {OLDEST_SERVER} or later is installed",
            _install_hint([f"postgresql-{version}", *_packages(version, missing)]),
        )
    newest = servers[0]
    missing = missing_extensions(newest, wanted)
    raise SetupError(
        f"PostgreSQL {newest.version} in {newest.bin} lacks {', '.join(missing)}",
        _install_hint(_packages(newest.version, missing)),
    )


def installed_servers(roots: Sequence[Path] = (DEBIAN_ROOT,)) -> list[Server]:
    """Every installed server that can be found, the newest first."""
    bins = [path for root in roots for path in root.glob("*/bin")]
    if tuple(roots) == (DEBIAN_ROOT,):
        bins += _bins_outside_of_debian()
    found = {}
    for path in bins:
        version = _server_version(path)
        if version is not None:
            found[path.resolve()] = Server(path.resolve(), version)
    return sorted(found.values(), key=lambda s: s.version, reverse=True)


def missing_extensions(server: Server, extensions: Iterable[str]) -> list[str]:
    """Those of the extensions whose control file the server does not have."""
    directory = _extension_directory(server)
    return [e for e in extensions if not (directory / f"{e}.control").is_file()]


def require_sqitch() -> str:
    """The path of sqitch.  Raises SetupError where it or psql is missing."""
    sqitch = shutil.which("sqitch")
    if sqitch is None:
        raise SetupError(
            "sqitch is not installed; it deploys pgsm's schema",
            _install_hint(["sqitch", "libdbd-pg-perl", "postgresql-client"]),
        )
    if shutil.which("psql") is None:
        raise SetupError(
            "psql is not installed; sqitch runs the scripts with it",
            _install_hint(["postgresql-client"]),
        )
    return sqitch


def driver_hint() -> str:
    """How to install the Perl driver that sqitch needs for PostgreSQL."""
    return _install_hint(["libdbd-pg-perl"])


def _bins_outside_of_debian() -> list[Path]:
    bins = []
    pg_config = shutil.which("pg_config")
    if pg_config:
        answer = _output([pg_config, "--bindir"])
        if answer:
            bins.append(Path(answer))
    postgres = shutil.which("postgres")
    if postgres:
        bins.append(Path(postgres).resolve().parent)
    return bins


def _server_version(directory: Path) -> int | None:
    programs = [directory / name for name in ("postgres", "initdb", "pg_ctl")]
    if not all(os.access(program, os.X_OK) for program in programs):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", _output([str(programs[0]), "-V"]))
    return int(found[1]) if found else None


def _extension_directory(server: Server) -> Path:
    pg_config = server.bin / "pg_config"
    if pg_config.exists():
        share = _output([str(pg_config), "--sharedir"])
        if share:
            return Path(share) / "extension"
    if server.bin.is_relative_to(DEBIAN_ROOT):
        return Path(f"/usr/share/postgresql/{server.version}/extension")
    return server.bin.parent / "share" / "postgresql" / "extension"


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _debian_default() -> int:
    """The PostgreSQL version that this distribution ships (apt knows it)."""
    policy = _output(["apt-cache", "policy", "postgresql"])
    found = re.search(r"Candidate: (\d+)", policy)
    return int(found[1]) if found else DEFAULT_SERVER


def _packages(version: int, extensions: Iterable[str]) -> list[str]:
    names = [PACKAGES_OF_EXTENSIONS[e].format(version=version) for e in extensions]
    return list(dict.fromkeys(names))


def _install_hint(packages: Sequence[str]) -> str:
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install {' '.join(packages)}"
