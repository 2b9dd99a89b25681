"""The operating system's side of a private cluster: processes, ports, users."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TypedDict

from .programs import SetupError

STOP_SECONDS = 30.0
READY_SECONDS = 60.0


class UserOptions(TypedDict, total=False):
    """The part of subprocess's options that says whose process it is."""

    user: int
    group: int
    extra_groups: list[int]


def as_user(user: pwd.struct_passwd) -> UserOptions:
    """Options that run a program as the user; none when that is who we are."""
    if user.pw_uid == os.geteuid():
        return {}
    groups = os.getgrouplist(user.pw_name, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": groups}


def clean_environment() -> dict[str, str]:
    """The server's environment: PYTHONPATH or PGDATA of the caller would change it."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def can_reach(user: pwd.struct_passwd, directory: Path) -> bool:
    """True when the user may enter the directory, or the nearest parent that exists."""
    while not directory.exists():
        directory = directory.parent
    done = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(directory)],
        cwd="/",
        stderr=subprocess.DEVNULL,
        check=False,
        **as_user(user),
    )
    return done.returncode == 0


def running_pid(data: Path) -> int | None:
    """The pid of the postmaster that runs on this data directory, else None.

    A pid file may be stale and its number another process's by now: the postmaster
    is the one whose working directory is the data directory.
    """
    pid = _pid_in_file(data)
    if pid is None:
        return None
    try:
        return pid if Path(f"/proc/{pid}/cwd").samefile(data) else None
    except FileNotFoundError:
        if Path("/proc/self/cwd").exists():
            return None
    except PermissionError:
        # Another user's process; only root and its owner may look.
        return None
    return pid if _is_alive(pid) else None


def remove_stale_locks(data: Path, sockets: Path) -> None:
    """Remove the lock files of a dead server, in two directories that are its alone.

    The server's own check takes a zombie, or another process that got the number, for
    a running one.  Orphaned children are still noticed, by the memory they share.
    """
    if running_pid(data) is None:
        for stale in [data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")]:
            stale.unlink(missing_ok=True)


def stop(pid: int) -> None:
    """End the server with a fast shutdown.  SetupError when it does not end in time."""
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(pid):
        if time.monotonic() > deadline:
            raise SetupError(f"the server (pid {pid}) does not stop")
        time.sleep(0.05)


def wait_until_ready(data: Path, pid: int) -> None:
    """Return when a server that somebody started accepts connections."""
    deadline = time.monotonic() + READY_SECONDS
    while _state_in_file(data) != "ready":
        if time.monotonic() > deadline or not _is_alive(pid):
            raise SetupError(f"the server (pid {pid}) does not become ready")
        time.sleep(0.05)


def port_is_free(port: int) -> bool:
    """True when a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def log_since(log: Path, position: int) -> str:
    """What was written to the log after the position."""
    try:
        with log.open("rb") as file:
            file.seek(position)
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _lines_of_pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def _pid_in_file(data: Path) -> int | None:
    lines = _lines_of_pid_file(data)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def _state_in_file(data: Path) -> str:
    lines = _lines_of_pid_file(data)
    return lines[7].strip() if len(lines) > 7 else "starting"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
