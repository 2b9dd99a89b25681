from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from pgsm import __version__, sqitch
from tests import servers

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    run(*build, "--outdir", out, servers.ROOT, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`pgsm` in a venv of its own, which borrows the dependencies but not pgsm.

    A directory that a .pth file names has no .pth files of its own read: the editable
    install in the borrowed directory stays unseen.
    """
    venv = tmp_path_factory.mktemp("empty venv")
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv)
    python = venv / "bin" / "python"
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", query, cwd=venv).strip())
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    run(sys.executable, "-m", "pip", "--python", python, *install, cwd=venv)
    return venv / "bin" / "pgsm"


def test_wheel_contains_all_that_is_deployed(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    scripts = (servers.ROOT / "sql").rglob("*.sql")
    wanted = {f"pgsm/_project/{s.relative_to(servers.ROOT)}" for s in scripts}
    wanted |= {"pgsm/_project/sqitch.plan", "pgsm/_project/sqitch.conf"}
    engine = (servers.ROOT / "pgsm" / "engine").glob("*.py")
    wanted |= {f"pgsm/engine/{module.name}" for module in engine}
    assert wanted <= names
    assert not [name for name in names if name.startswith(("tests/", "sql/"))]


def test_installed_package_deploys_without_a_checkout(
    program: Path, empty_dsn: str
) -> None:
    away = program.parent
    assert run(program, "--version", cwd=away) == f"pgsm {__version__}\n"
    said = run(program, "deploy", "--dsn", empty_dsn, cwd=away)
    changes = sqitch.planned(servers.ROOT)
    assert f"deployed {len(changes)} changes" in said
    status = json.loads(run(program, "status", "--json", "--dsn", empty_dsn, cwd=away))
    assert (status["change"], status["pending"]) == (changes[-1], [])
    assert "nothing to deploy" in run(program, "deploy", "--dsn", empty_dsn, cwd=away)
