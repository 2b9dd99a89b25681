"""`pgsm runner`'s errors: each with its own exit code, and none with our traceback."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgsm import __version__

from . import runners

Connect = Callable[..., psycopg.Connection]

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


def test_a_connection_string_that_is_none(tmp_path: Path) -> None:
    done = _run(tmp_path, HANDLER, "shop")
    assert done.returncode == 3
    assert "cannot connect" in done.stderr


@pytest.mark.parametrize(
    ("release", "hint"),
    [("0.0", "pgsm deploy"), ("0.3", "install the pgsm package of that release")],
)
def test_a_schema_of_another_release(
    tmp_path: Path, fresh_dsn: str, connect: Connect, release: str, hint: str
) -> None:
    _set_release(connect(fresh_dsn), release)
    done = _run(tmp_path, HANDLER, fresh_dsn)
    assert done.returncode == 4
    assert f"the schema is of release {release}, this runner of 0.1" in done.stderr
    assert hint in done.stderr


def test_a_schema_of_the_next_release_is_good_enough(
    tmp_path: Path, fresh_dsn: str, connect: Connect
) -> None:
    _set_release(connect(fresh_dsn), "0.2")
    with runners.process(fresh_dsn, tmp_path) as runner:
        assert "runner_is_old" in runner.events()


def test_the_deployed_release_is_that_of_the_package(
    dsn: str, connect: Connect
) -> None:
    row = connect(dsn).execute("select pgsm.release()").fetchone()
    assert row == (__version__.rpartition(".")[0],)


def test_a_port_for_metrics_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "app.py").write_text(HANDLER)
        done = _call(tmp_path, "app", "--metrics-port", str(port))
    assert done.returncode == 8
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr


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
    assert "name a module with handlers, or --builtin" in done.stderr


def _set_release(connection: psycopg.Connection, release: str) -> None:
    connection.execute(
        "create or replace function pgsm.release() returns text"
        f" language sql immutable as $$ select '{release}' $$"
    )


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
