"""`pgsm runner`'s errors: each with its own exit code, and none with our traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from . import runners

HANDLER = """
from pgsm import effects

@effects.handler("test.work")
async def work(effect, input):
    pass
"""


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    done = _run(tmp_path, HANDLER, "host=/nonexistent dbname=shop")
    assert done.returncode == 3
    assert "cannot connect" in done.stderr


def test_a_role_that_may_not_run_effects(tmp_path: Path, dsn: str) -> None:
    done = _run(tmp_path, HANDLER, make_conninfo(dsn, options="-c role=pgsm_viewer"))
    assert done.returncode == 7
    assert "permission denied" in done.stderr
    assert "grant pgsm_runner" in done.stderr


def test_a_database_without_pgsm(tmp_path: Path, empty_dsn: str) -> None:
    done = _run(tmp_path, HANDLER, empty_dsn)
    assert done.returncode == 4
    assert "pgsm is not deployed in this database" in done.stderr
    assert "pgsm deploy" in done.stderr


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("x = 1\ny = x / 0\n", "ZeroDivisionError: division by zero", 2),
        ("def f(:\n", "SyntaxError", 1),
        ("import no_such_module\n", "No module named 'no_such_module'", 1),
        ("raise SystemExit('stop')\n", "SystemExit: stop", 1),
    ],
)
def test_a_module_that_does_not_import_is_shown_with_file_and_line(
    tmp_path: Path, source: str, message: str, line: int
) -> None:
    done = _run(tmp_path, source)
    assert done.returncode == 5
    assert 'module "app" does not import' in done.stderr
    assert message in done.stderr
    assert f"at {tmp_path / 'app.py'}, line {line}" in done.stderr


def test_the_lines_that_led_to_it_are_shown_the_innermost_first(
    tmp_path: Path,
) -> None:
    (tmp_path / "mail.py").write_text("def connect():\n    raise OSError('no')\n")
    done = _run(tmp_path, "import mail\n\nmail.connect()\n")
    assert done.stderr.splitlines()[1:] == [
        f"at {tmp_path / 'mail.py'}, line 2",
        f"at {tmp_path / 'app.py'}, line 3",
    ]


def test_a_hint_that_cannot_be_checked(tmp_path: Path) -> None:
    done = _run(
        tmp_path,
        "from __future__ import annotations\n"
        + HANDLER.replace("input)", "input: Nowhere)"),
    )
    assert done.returncode == 5
    assert "app.work: the hint of its input" in done.stderr


def test_a_module_that_does_not_exist(tmp_path: Path) -> None:
    done = _run(tmp_path, "", module="no_such_module")
    assert done.returncode == 5
    assert "No module named 'no_such_module'" in done.stderr


def test_a_module_without_handlers(tmp_path: Path) -> None:
    done = _run(tmp_path, "x = 1\n")
    assert done.returncode == 6
    assert "no handlers in app" in done.stderr
    assert "@effects.handler" in done.stderr


def test_two_handlers_of_one_name_are_both_named(tmp_path: Path) -> None:
    done = _run(tmp_path, HANDLER + HANDLER.replace("def work", "def again"))
    assert done.returncode == 5
    assert "app.work and app.again" in done.stderr


def test_no_module_is_wrong_usage(tmp_path: Path) -> None:
    done = _call(tmp_path)
    assert done.returncode == 2


def _run(
    directory: Path,
    source: str,
    dsn: str = "host=/nonexistent",
    module: str = "app",
) -> subprocess.CompletedProcess[str]:
    (directory / "app.py").write_text(source)
    done = _call(directory, module, "--dsn", dsn)
    assert "Traceback" not in done.stderr
    return done


def _call(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        runners.command(*arguments),
        cwd=directory,
        env=runners.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
