"""The user's own sqitch project: found from a directory upwards, and added to.

Plan and empty scripts are written by sqitch itself, with the user's configuration.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import programs, sqitch
from .programs import SetupError

PGSM = "pgsm:roles/grants"  # the change that makes a deployed pgsm usable
_CREATED = re.compile(r"^Created (?P<path>.+)$", re.M)
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Project:
    """A sqitch project: sqitch runs in `directory`."""

    directory: Path
    name: str
    changes: tuple[str, ...]
    deploy: Path

    def versions(self, machine: str) -> dict[int, str]:
        """The versions of a machine that the plan has, each with its change."""
        pattern = re.compile(rf"{re.escape(change_name(machine))}_v(\d+)")
        found = map(pattern.fullmatch, self.changes)
        return {int(match[1]): match[0] for match in found if match}

    def change_creating(self, function: str) -> str | None:
        """The last change whose deploy script creates a function."""
        kind = r"create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+"
        pattern = re.compile(kind + re.escape(function) + r"\s*\(", re.I)
        for change in reversed(self.changes):
            script = self.deploy / f"{change}.sql"
            if script.is_file() and pattern.search(script.read_text("utf-8")):
                return change
        return None


@dataclass(frozen=True)
class Scripts:
    """What a change consists of."""

    deploy: str
    revert: str
    verify: str


def change_name(text: str) -> str:
    """A text as sqitch allows it in the name of a change."""
    return _NOT_IN_A_NAME.sub("_", text).strip("-.") or "machine"


def find(start: Path) -> Project:
    """The project that a directory is in.  Raises SetupError where there is none."""
    directory = start.resolve()
    for each in (directory, *directory.parents):
        if (each / "sqitch.conf").is_file() or (each / "sqitch.plan").is_file():
            return _read(each)
    raise SetupError(
        f"there is no sqitch project in {start.resolve()} or above it",
        "sqitch init shop --engine pg starts one; other migration tools: --format sql",
    )


def init(directory: Path, name: str) -> Project:
    """A new project, whose deployments are verified."""
    _run(directory, "init", name, "--engine", "pg")
    _run(directory, "config", "--bool", "deploy.verify", "true")
    return find(directory)


def _read(directory: Path) -> Project:
    settings = _settings(directory)
    top = directory / settings.get("top_dir", ".")
    plan = directory / settings.get("plan_file", top / "sqitch.plan")
    if not plan.is_file():
        raise SetupError(f"the sqitch project in {directory} has no {plan.name}")
    lines = plan.read_text("utf-8").splitlines()
    name = sqitch.named_in(lines, plan)
    if name == sqitch.OWN_PROJECT:
        raise SetupError(
            f"{directory} is pgsm's own sqitch project",
            "sqitch init shop --engine pg, in a directory of yours, starts another",
        )
    deploy = directory / settings.get("deploy_dir", top / "deploy")
    return Project(directory, name, tuple(dict.fromkeys(sqitch.changes(lines))), deploy)


def _settings(directory: Path) -> dict[str, str]:
    """Those of sqitch's settings that say where things are; the engine's go first."""
    listed = _run(directory, "config", "--list")
    found: dict[str, str] = {}
    for section in ("core.", "engine.pg."):
        for line in listed.splitlines():
            key, _, value = line.partition("=")
            if key.startswith(section):
                found[key.removeprefix(section)] = value
    return found


def add(
    project: Project,
    change: str,
    requires: Iterable[str],
    note: str,
    scripts: Scripts,
) -> list[Path]:
    """Add a change to the plan and write its scripts; their paths.

    Raises SetupError where the plan has it, or sqitch refuses it.
    """
    if change in project.changes:
        raise SetupError(
            f'the plan of project "{project.name}" has a change "{change}"',
            "--change gives it another name",
        )
    needed = [part for name in requires for part in ("--requires", name)]
    said = _run(project.directory, "add", change, *needed, "--note", note)
    paths = [project.directory / found["path"] for found in _CREATED.finditer(said)]
    texts = (scripts.deploy, scripts.revert, scripts.verify)
    if len(paths) != len(texts):
        raise SetupError(f"sqitch add has not created three scripts: {said.strip()}")
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def _run(directory: Path, *arguments: str) -> str:
    command: Sequence[str] = [programs.require_sqitch(), *arguments]
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise SetupError(f"sqitch {arguments[0]} failed: {said}")
    return done.stdout
