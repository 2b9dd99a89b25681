from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from pgsm import devdb, postmaster, programs
from tests import servers

MakeCluster = Callable[[Path], devdb.DevCluster]


@pytest.fixture(autouse=True)
def _server_programs() -> None:
    try:
        programs.find_server()
    except programs.SetupError as missing:
        pytest.skip(missing.message)


@pytest.fixture
def make() -> Iterator[MakeCluster]:
    """Clusters that are removed at the end of the test."""
    made: list[devdb.DevCluster] = []

    def make_cluster(directory: Path) -> devdb.DevCluster:
        cluster = devdb.DevCluster(directory, settings=servers.SETTINGS)
        made.append(cluster)
        return cluster

    yield make_cluster
    for cluster in made:
        cluster.delete()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[devdb.DevCluster]:
    """One that all tests of this module ill-treat, in any order: `up` mends it."""
    directory = tmp_path_factory.mktemp("a cluster's directory")
    cluster = devdb.DevCluster(directory, settings=servers.SETTINGS)
    yield cluster
    cluster.delete()


def value_of(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def free_port() -> int:
    """One that no other cluster of a test will choose by itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def kill_server(cluster: devdb.DevCluster) -> None:
    pid = cluster.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while cluster.status().running and time.monotonic() < deadline:
        time.sleep(0.01)


def pgsm(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pgsm", "dev", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_up_gives_a_database_with_the_extensions(cluster: devdb.DevCluster) -> None:
    status = cluster.up()
    assert status.running
    found = value_of(cluster.dsn, "select array_agg(extname::text) from pg_extension")
    assert isinstance(found, list)
    assert {"plpython3u", "jsonb_plpython3u", "pg_cron"} <= set(found)
    assert value_of(cluster.dsn, "show cron.database_name") == "pgsm"
    assert value_of(cluster.dsn, "show listen_addresses") == "127.0.0.1"


def test_second_up_leaves_the_running_server_alone(cluster: devdb.DevCluster) -> None:
    assert cluster.up() == cluster.up()


def test_data_and_port_outlive_down_and_up(cluster: devdb.DevCluster) -> None:
    port = cluster.up(free_port()).port
    with psycopg.connect(cluster.dsn) as connection:
        connection.execute("create table if not exists kept (id int)")
    assert cluster.down()
    assert not cluster.down()
    assert not cluster.status().running
    assert cluster.up().port == port
    assert value_of(cluster.dsn, "select to_regclass('kept')::text") == "kept"


def test_only_who_may_read_the_password_file_gets_in(cluster: devdb.DevCluster) -> None:
    cluster.up()
    password_file = cluster.directory / "password"
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
    password = password_file.read_text().strip()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(cluster.dsn.replace(password, "guessed"))


def test_busy_port_is_named_when_it_was_asked_for(cluster: devdb.DevCluster) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(programs.SetupError, match=f"port {port} is in use"):
            cluster.up(port)


def test_busy_port_is_passed_over_when_none_was_asked_for(
    cluster: devdb.DevCluster,
) -> None:
    port = free_port()
    cluster.up(port)
    cluster.down()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        moved = cluster.up().port
    assert moved != port
    assert value_of(cluster.dsn, "select 1") == 1


def test_up_with_another_port_moves_a_running_cluster(
    cluster: devdb.DevCluster,
) -> None:
    first = cluster.up().port
    wanted = free_port()
    assert cluster.up(wanted).port == wanted != first
    assert value_of(cluster.dsn, "show port") == str(wanted)


def test_killed_server_comes_up_again(cluster: devdb.DevCluster) -> None:
    cluster.up()
    kill_server(cluster)
    assert not cluster.status().running
    cluster.up()
    assert value_of(cluster.dsn, "select 1") == 1


def test_pid_file_that_names_another_process_is_stale(
    cluster: devdb.DevCluster,
) -> None:
    status = cluster.up()
    assert status.data is not None
    pid_file = Path(status.data) / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    cluster.down()
    with subprocess.Popen(["sleep", "60"]) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        assert not cluster.status().running
        cluster.up()
        assert other.poll() is None
        other.kill()
    assert value_of(cluster.dsn, "select 1") == 1


def test_half_done_initdb_is_begun_again(cluster: devdb.DevCluster) -> None:
    status = cluster.up()
    assert status.data is not None
    cluster.down()
    (Path(status.data).parent / "initialised").unlink()
    (Path(status.data) / "PG_VERSION").unlink()
    cluster.up()
    assert value_of(cluster.dsn, "select 1") == 1


def test_lost_record_gives_a_new_cluster_and_ends_the_old_server(
    cluster: devdb.DevCluster,
) -> None:
    old = cluster.up().pid
    (cluster.directory / "cluster.json").unlink()
    assert cluster.up().pid != old
    assert value_of(cluster.dsn, "select 1") == 1
    assert not Path(f"/proc/{old}").exists()


def test_database_that_was_dropped_is_made_again(cluster: devdb.DevCluster) -> None:
    cluster.up()
    with psycopg.connect(cluster.dsn_of("postgres"), autocommit=True) as connection:
        connection.execute("drop database pgsm with (force)")
    cluster.up()
    assert value_of(cluster.dsn, "select count(*) from cron.job") == 0


def test_emptied_database_keeps_the_pg_cron_that_its_launcher_knows(
    cluster: devdb.DevCluster,
) -> None:
    """The launcher may go on with a dropped extension's jobs, and see no new ones."""
    cluster.up()
    table = "select 'cron.job'::regclass::oid::int8"
    before = value_of(cluster.dsn, table)
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute("create schema other")
        connection.execute("create table public.things ()")
        connection.execute("select cron.schedule('job', '* * * * *', 'select 1')")
    cluster.empty_database()
    assert value_of(cluster.dsn, table) == before
    assert value_of(cluster.dsn, "select count(*) from cron.job") == 0
    assert value_of(cluster.dsn, "select to_regclass('public.things')") is None
    assert value_of(cluster.dsn, "select to_regnamespace('other')") is None


def test_two_clusters_run_side_by_side(make: MakeCluster, tmp_path: Path) -> None:
    one, two = make(tmp_path / "one"), make(tmp_path / "two")
    assert one.up().port != two.up().port
    one.down()
    assert value_of(two.dsn, "select 1") == 1


def test_copied_directory_is_a_cluster_of_its_own(
    make: MakeCluster, tmp_path: Path
) -> None:
    one = make(tmp_path / "one")
    one.up()
    shutil.copytree(one.directory, tmp_path / "two")
    two = make(tmp_path / "two")
    two.up()
    assert value_of(one.dsn, "show data_directory") == one.status().data
    assert value_of(two.dsn, "show data_directory") == two.status().data
    assert one.status().data != two.status().data


def test_two_ups_at_once_make_one_cluster(make: MakeCluster, tmp_path: Path) -> None:
    clusters = [make(tmp_path / "same") for _ in range(2)]
    statuses: list[devdb.Status] = []
    threads = [
        threading.Thread(target=lambda c=c: statuses.append(c.up())) for c in clusters
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses[0] == statuses[1]


def test_path_too_long_for_a_socket_still_works(
    make: MakeCluster, tmp_path: Path
) -> None:
    cluster = make(tmp_path / ("long " * 20) / ("longer " * 15))
    sockets = cluster.up().sockets
    assert sockets is not None
    assert len(sockets) < 90
    assert value_of(f"{cluster.dsn}?host={sockets}", "select 1") == 1
    cluster.delete()
    assert not Path(sockets).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another user")
def test_directory_that_postgres_cannot_reach_works_for_root(
    make: MakeCluster, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    cluster = make(closed / "cluster")
    data = cluster.up().data
    assert data is not None
    assert not Path(data).is_relative_to(closed)
    closed.chmod(0o711)
    assert cluster.up().data == data
    assert value_of(cluster.dsn, "select 1") == 1
    cluster.delete()
    assert not Path(data).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
def test_user_who_is_not_root_has_a_cluster_too() -> None:
    script = (
        "import sys; from pathlib import Path; from pgsm import devdb\n"
        "cluster = devdb.DevCluster(Path(sys.argv[1]))\n"
        "print(cluster.up().running); cluster.delete()"
    )
    packages = os.pathsep.join([str(servers.ROOT), sysconfig.get_path("purelib")])
    with tempfile.TemporaryDirectory() as home:
        shutil.chown(home, "postgres")
        done = subprocess.run(
            [_python_for_everybody(), "-c", script, f"{home}/cluster"],
            user="postgres",
            cwd="/",
            env={**os.environ, "PYTHONPATH": packages},
            capture_output=True,
            text=True,
            check=False,
        )
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip("the packages are closed to other users")
    assert done.stdout == "True\n", done.stderr


def _python_for_everybody() -> str:
    """An interpreter of this version that other users may run too."""
    version = "{}.{}".format(*sys.version_info)
    for program in (sys.executable, f"/usr/bin/python{version}"):
        with contextlib.suppress(OSError):
            subprocess.run([program, "-V"], user="postgres", check=True)
            return program
    pytest.skip("this interpreter is closed to other users")


def test_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(programs.SetupError, match="is not a directory"):
        devdb.DevCluster(tmp_path / "file").up()


# The commands


def test_dsn_command_prints_the_connection_string_and_nothing_else(
    cluster: devdb.DevCluster,
) -> None:
    cluster.up()
    printed = pgsm("dsn", "--dir", str(cluster.directory))
    assert printed.stdout == cluster.dsn + "\n"
    assert printed.stderr == ""


def test_env_command_is_for_a_shell_to_evaluate(cluster: devdb.DevCluster) -> None:
    cluster.up()
    printed = pgsm("env", "--dir", str(cluster.directory)).stdout
    done = subprocess.run(
        ["bash", "-c", f"{printed}\npsql -X -Atc 'select current_database()'"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "pgsm\n", done.stderr


def test_status_command_says_whether_it_runs(cluster: devdb.DevCluster) -> None:
    directory = str(cluster.directory)
    cluster.up()
    running = pgsm("status", "--json", "--dir", directory)
    assert running.returncode == 0
    assert json.loads(running.stdout)["port"] == cluster.status().port
    assert pgsm("down", "--dir", directory).returncode == 0
    stopped = pgsm("status", "--dir", directory)
    assert (stopped.returncode, stopped.stdout.split()[0]) == (1, "stopped")


def test_psql_command_runs_in_the_database(cluster: devdb.DevCluster) -> None:
    cluster.up()
    query = "select current_database()"
    done = pgsm("psql", "--dir", str(cluster.directory), "--", "-Atc", query)
    assert done.stdout == "pgsm\n"


def test_command_without_a_cluster_says_how_to_start_one(tmp_path: Path) -> None:
    refused = pgsm("dsn", "--dir", str(tmp_path))
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "pgsm dev up" in refused.stderr
    assert "Traceback" not in refused.stderr


# What is not installed


def fake_server(root: Path, version: int, *extensions: str) -> None:
    directory = root / str(version) / "bin"
    directory.mkdir(parents=True)
    share = root / str(version) / "share"
    (share / "extension").mkdir(parents=True)
    answers = {
        "postgres": f"postgres (PostgreSQL) {version}.3",
        "pg_config": str(share),
        "initdb": "",
        "pg_ctl": "",
    }
    for name, answer in answers.items():
        program = directory / name
        program.write_text(f"#!/bin/sh\necho '{answer}'\n")
        program.chmod(0o755)
    for extension in extensions:
        (share / "extension" / f"{extension}.control").touch()


def hint_of(root: Path) -> str:
    with pytest.raises(programs.SetupError) as refused:
        programs.find_server([root])
    return str(refused.value.hint)


def test_missing_server_names_the_packages(tmp_path: Path) -> None:
    hint = hint_of(tmp_path)
    assert "apt-get install postgresql-" in hint
    assert "postgresql-plpython3-" in hint
    assert "-cron" in hint


def test_missing_extension_names_its_package_and_no_other(tmp_path: Path) -> None:
    fake_server(tmp_path, 16, "plpython3u", "jsonb_plpython3u")
    assert hint_of(tmp_path).endswith("apt-get install postgresql-16-cron")
    fake_server(tmp_path, 17, "pg_cron")
    assert hint_of(tmp_path).endswith("apt-get install postgresql-plpython3-17")


def test_newest_complete_server_is_taken(tmp_path: Path) -> None:
    fake_server(tmp_path, 15, *devdb.EXTENSIONS)
    fake_server(tmp_path, 16, *devdb.EXTENSIONS)
    fake_server(tmp_path, 17, "pg_cron")
    assert programs.find_server([tmp_path]).version == 16


def test_old_server_does_not_count(tmp_path: Path) -> None:
    fake_server(tmp_path, 14, *devdb.EXTENSIONS)
    assert "postgresql-plpython3-" in hint_of(tmp_path)


def test_server_does_not_inherit_the_caller_s_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PGDATA", "/somewhere")
    assert set(postmaster.clean_environment()) == {"PATH", "LC_ALL", "TZ"}
