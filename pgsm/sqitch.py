"""Deploying pgsm's schema: what is deployed, what is pending, and running sqitch.

The connection goes to sqitch in libpq's environment variables, so that no password is
on a command line and every connection string that libpq takes works.  What is
deployed is read from sqitch's registry, which needs no sqitch on this machine.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import pq

from . import programs
from .programs import SetupError

TARGET = "db:pg:"
OWN_PROJECT = "pgsm"
LANGUAGE = "plpython3u"
OnChange = Callable[[str], None]

# "  + functions/send_event @v1.0 .. ok": the dots pad to the longest name of the run.
_CHANGE_LINE = re.compile(r"^  [-+*] (?P<change>\S+)(?: @\S+)* \.{2,} ?(?P<rest>.*)$")
_CONNECTION = re.compile(r"connection to server|could not (connect|translate)")


class DeployError(SetupError):
    """A change failed; `change` is its name, `message` what the server said."""

    def __init__(self, message: str, change: str | None, hint: str | None) -> None:
        super().__init__(message, hint)
        self.change = change


@dataclass(frozen=True)
class Status:
    """What a database has of a project.

    `pending` changes are in the plan and not deployed; `modified` ones were deployed
    from a script that reads differently now; `unknown` ones are deployed and not in
    this plan (a newer release has been here).
    """

    project: str
    version: str | None = None
    change: str | None = None
    deployed_at: datetime | None = None
    pending: list[str] = field(default_factory=list)
    modified: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Deployed:
    version: str | None
    hashes: dict[str, str | None]
    times: dict[str, datetime]


def project_directory() -> Path:
    """The sqitch project: the one in the installed package, else the checkout's."""
    package = Path(__file__).resolve().parent
    for directory in (package / "_project", package.parent):
        if (directory / "sqitch.plan").is_file():
            return directory
    raise SetupError(
        "this installation of pgsm has no sqitch.plan",
        "install it again: pip install --force-reinstall pgsm",
    )


# What is there


def planned(project: Path) -> list[str]:
    """The changes of the project's plan, in order."""
    return changes(_plan_lines(project))


def changes(plan: Sequence[str]) -> list[str]:
    """The changes that the lines of a plan name, in order."""
    return [change for change in map(_change_of, plan) if change]


def project_name(project: Path) -> str:
    """The name that sqitch's registry knows the project by."""
    return named_in(_plan_lines(project), project / "sqitch.plan")


def named_in(plan: Sequence[str], path: Path) -> str:
    """The name that the lines of the plan in `path` give their project."""
    for line in plan:
        if line.startswith("%project="):
            return line.removeprefix("%project=").strip()
    raise SetupError(f"{path} does not name its project")


def status(dsn: str, project: Path | None = None) -> Status:
    """What the database has, compared with the plan and scripts of the project."""
    project = project or project_directory()
    name = project_name(project)
    plan = planned(project)
    with connect(dsn) as connection:
        deployed = _deployed(connection, name)
    here = [change for change in plan if change in deployed.hashes]
    last = here[-1] if here else None
    return Status(
        project=name,
        version=deployed.version,
        change=last,
        deployed_at=deployed.times[last] if last else None,
        pending=[change for change in plan if change not in deployed.hashes],
        modified=[c for c in here if _script_hash(project, c) != deployed.hashes[c]],
        unknown=[change for change in deployed.hashes if change not in plan],
    )


def connect(dsn: str) -> psycopg.Connection:
    """A connection, or SetupError with libpq's reason."""
    try:
        return psycopg.connect(dsn, autocommit=True)
    except psycopg.Error as problem:
        raise SetupError(
            f"cannot connect: {str(problem).strip()}",
            "name the database with --dsn, PGSM_DSN or PGHOST, PGPORT, PGDATABASE, …",
        ) from None


def prepare(dsn: str) -> None:
    """Give the database the language that pgsm's functions are written in.

    Raises SetupError, with the reason, where pgsm cannot be deployed.  A revert leaves
    the language there: it may have got other users.
    """
    with connect(dsn) as connection:
        found = connection.execute(
            """
            select current_setting('server_version_num')::int / 10000,
                   (select rolsuper from pg_roles where rolname = current_user),
                   exists (select from pg_available_extensions where name = %s)
            """,
            [LANGUAGE],
        ).fetchone()
        assert found is not None
        _require_fitting_server(*found)
        connection.execute("set client_min_messages = warning")
        connection.execute(f"create extension if not exists {LANGUAGE}")


def _require_fitting_server(version: int, superuser: bool, has_language: bool) -> None:
    if version < programs.OLDEST_SERVER:
        raise SetupError(
            f"the server is PostgreSQL {version}; "
            f"pgsm needs {programs.OLDEST_SERVER} or later"
        )
    if not superuser:
        raise SetupError(
            f"only a superuser can deploy pgsm: it creates {LANGUAGE} functions",
            "connect as a superuser, as postgres for example",
        )
    if not has_language:
        package = programs.PACKAGES_OF_EXTENSIONS[LANGUAGE].format(version=version)
        raise SetupError(
            f"the server does not offer the extension {LANGUAGE}",
            f"on a Debian server: apt-get install {package}",
        )


# Running sqitch


def deploy(
    dsn: str, project: Path | None = None, on_change: OnChange | None = None
) -> list[str]:
    """Deploy what is pending, verified change by change; the names of the deployed.

    `on_change` is called after each.  A change that fails is undone alone: those
    before it stay, and the next deploy goes on from there.  Raises DeployError.
    """
    project = project or project_directory()
    if not status(dsn, project).pending:
        return []
    if project_name(project) == OWN_PROJECT:
        prepare(dsn)
    return _run(dsn, project, ["deploy", "--mode", "change", "--verify"], on_change)


def revert(
    dsn: str,
    project: Path | None = None,
    to: str | None = None,
    on_change: OnChange | None = None,
) -> list[str]:
    """Revert to the change or tag `to`, or everything; the names of the reverted."""
    arguments = ["revert", "-y", *(["--to-change", to] if to else [])]
    return _run(dsn, project or project_directory(), arguments, on_change)


def verify(
    dsn: str, project: Path | None = None, on_change: OnChange | None = None
) -> list[str]:
    """Run the verify scripts of what is deployed; the names of the verified."""
    return _run(dsn, project or project_directory(), ["verify"], on_change)


def environment(dsn: str) -> dict[str, str]:
    """The environment in which libpq's programs connect to what `dsn` says."""
    result = dict(os.environ)
    for option in pq.Conninfo.parse(dsn.encode()):
        if option.val is not None and option.envvar is not None:
            result[option.envvar.decode()] = option.val.decode()
    return result


def _run(
    dsn: str, project: Path, arguments: Sequence[str], on_change: OnChange | None
) -> list[str]:
    command = [programs.require_sqitch(), *arguments, TARGET]
    process = subprocess.Popen(
        command,
        cwd=project,
        env=_environment(dsn),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    done: list[str] = []
    said: list[str] = []
    with process:
        for change in _outcomes(process.stdout, said):
            done.append(change)
            if on_change:
                on_change(change)
    if process.returncode != 0:
        raise _error(arguments[0], said)
    return done


def _outcomes(output: Iterator[str], said: list[str]) -> Iterator[str]:
    """The changes that went well; `said` collects everything since the last of them.

    What a script prints, a notice for example, comes between a change and its "ok".
    """
    change: str | None = None
    for line in map(str.rstrip, output):
        found = _CHANGE_LINE.match(line)
        change = found["change"] if found else change
        result = found["rest"] if found else line
        if change is not None and result == "ok":
            yield change
            change = None
            said.clear()
        else:
            said.append(line)


def _environment(dsn: str) -> dict[str, str]:
    user = _user_name()
    return {
        "SQITCH_FULLNAME": user,
        "SQITCH_EMAIL": f"{user}@{socket.gethostname()}",
        **environment(dsn),
        # Somebody's own settings of sqitch are for their own projects.
        "SQITCH_USER_CONFIG": os.devnull,
        "SQITCH_SYSTEM_CONFIG": os.devnull,
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "C",
    }


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def _error(action: str, said: Sequence[str]) -> SetupError:
    change = None
    lines = []
    for line in said:
        found = _CHANGE_LINE.match(line)
        if found:
            change = found["change"]
            lines = [found["rest"]]
        elif not _is_noise(line):
            lines.append(line)
    text = "\n".join(line for line in lines if line.strip()).strip()
    if "DBD::Pg" in text:
        return SetupError(
            "sqitch lacks its driver for PostgreSQL", programs.driver_hint()
        )
    if change is None:
        if _CONNECTION.search(text):
            return SetupError(f"cannot connect: {text}")
        hint = None
        if text.startswith("Cannot find change"):
            hint = (
                "the database has changes that this plan does not know;"
                " a private cluster starts anew with: pgsm dev up --fresh"
            )
        message = f"sqitch {action} failed: {text or 'without a message'}"
        return SetupError(message, hint)
    return DeployError(
        f"{action} of {change} failed: {text}",
        change,
        "what was done before it stays; mend it and run the command again"
        if action == "deploy"
        else None,
    )


def _is_noise(line: str) -> bool:
    return line == "not ok" or "unexpectedly returned exit value" in line


# The plan and the registry


def _plan_lines(project: Path) -> list[str]:
    return (project / "sqitch.plan").read_text(encoding="utf-8").splitlines()


def _change_of(line: str) -> str | None:
    line = line.strip()
    if not line or line[0] in "#%@-":
        return None
    return line.removeprefix("+").split()[0]


def _script_hash(project: Path, change: str) -> str | None:
    """What sqitch records of a deploy script: the SHA-1 of its bytes."""
    script = project / "sql" / "deploy" / f"{change}.sql"
    if not script.is_file():
        return None
    return hashlib.sha1(script.read_bytes(), usedforsecurity=False).hexdigest()


def _deployed(connection: psycopg.Connection, project: str) -> _Deployed:
    registry = connection.execute("select to_regclass('sqitch.tags')").fetchone()
    if registry == (None,):
        return _Deployed(None, {}, {})
    rows = connection.execute(
        "select change, script_hash, committed_at from sqitch.changes"
        " where project = %s order by committed_at",
        [project],
    ).fetchall()
    tag = connection.execute(
        "select tag from sqitch.tags where project = %s"
        " order by committed_at desc limit 1",
        [project],
    ).fetchone()
    return _Deployed(
        version=tag[0].removeprefix("@") if tag else None,
        hashes={change: script_hash for change, script_hash, _ in rows},
        times={change: committed_at for change, _, committed_at in rows},
    )
