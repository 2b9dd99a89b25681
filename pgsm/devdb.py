"""A private PostgreSQL cluster in a directory: for development, the demo and tests.

    cluster = DevCluster(Path(".pgsm"))
    cluster.up()                  # created, started and with its extensions
    psycopg.connect(cluster.dsn)

The directory keeps what must be remembered (`cluster.json`, `password`) and, where the
server's user can reach it, the server's own files.  PostgreSQL refuses to run as root:
root runs it as the user `postgres`, and a directory which that user cannot reach (one
below /root, say) gets its server files under /var/lib/pgsm instead.

`up` may be called in any state: it finishes or repairs what was left by a crash, a
kill or a half-done start.  A lock file lets one caller at a time change a cluster.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from . import postmaster, programs
from .programs import SetupError

FIRST_PORT = 5440
LAST_PORT = 5999
SERVER_USER = "postgres"
ROOTS_STORE = Path("/var/lib/pgsm")
SOCKET_PATH_LIMIT = 107
EXTENSIONS = ("plpython3u", "jsonb_plpython3u", "pg_cron")


@dataclass(frozen=True)
class Record:
    """What `cluster.json` remembers between two commands."""

    port: int
    home: str
    sockets: str
    version: int


@dataclass(frozen=True)
class Status:
    """What `pgsm dev status` says; port and paths are None before the first `up`."""

    directory: str
    running: bool
    port: int | None = None
    version: int | None = None
    pid: int | None = None
    data: str | None = None
    log: str | None = None
    sockets: str | None = None


class DevCluster:
    """One cluster.  `settings` are further lines of its postgresql.conf."""

    def __init__(
        self,
        directory: Path,
        *,
        database: str = "pgsm",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = Path(directory).absolute()
        self.database = database
        self.settings = dict(settings or {})

    # What it is

    @property
    def dsn(self) -> str:
        """The URL of the database, for its superuser.  SetupError before `up`."""
        return self.dsn_of(self.database)

    def dsn_of(self, database: str) -> str:
        """The same for another database of the cluster."""
        port = self._require_record().port
        password = self._read(self._password_file).strip()
        account = f"{SERVER_USER}:{password}"
        return f"postgresql://{account}@127.0.0.1:{port}/{quote(database)}"

    def status(self) -> Status:
        record = self._record()
        if record is None:
            return Status(str(self.directory), running=False)
        data = Path(record.home) / "data"
        pid = postmaster.running_pid(data)
        return Status(
            directory=str(self.directory),
            running=pid is not None,
            port=record.port,
            version=record.version,
            pid=pid,
            data=str(data),
            log=str(Path(record.home) / "server.log"),
            sockets=record.sockets,
        )

    # What it does

    def up(self, port: int | None = None) -> Status:
        """Create, repair and start the cluster with its database and extensions.

        Raises SetupError for missing packages, a busy `port`, an unusable directory.
        """
        server = programs.find_server()
        with self._locked():
            record = self._prepared(server)
            record = self._initialised(server, record)
            record = self._started(server, record, port)
            self._create_database()
        return self.status()

    def down(self) -> bool:
        """Stop the server; false when it was not running."""
        if self._record() is None:
            return False
        with self._locked():
            return self._stop(self._require_record())

    def delete(self) -> None:
        """Stop the server and remove the cluster with all its data."""
        if not self.directory.is_dir():
            return
        with self._locked():
            record = self._record()
            if record is not None:
                self._stop(record)
                shutil.rmtree(record.home, ignore_errors=True)
                if Path(record.sockets) != Path(record.home):
                    shutil.rmtree(record.sockets, ignore_errors=True)
        shutil.rmtree(self.directory)

    def empty_database(self) -> None:
        """Take everything out of the database but pg_cron."""
        empty(self.dsn)
        self._create_database()

    # The directory and what it remembers

    @property
    def _record_file(self) -> Path:
        return self.directory / "cluster.json"

    @property
    def _password_file(self) -> Path:
        return self.directory / "password"

    def _read(self, path: Path) -> str:
        try:
            return path.read_text()
        except PermissionError:
            raise self._belongs_to_another() from None

    def _record(self) -> Record | None:
        try:
            return Record(**json.loads(self._read(self._record_file)))
        except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
            return None

    def _require_record(self) -> Record:
        record = self._record()
        if record is None:
            hint = "start it with: pgsm dev up"
            raise SetupError(f"there is no cluster in {self.directory}", hint)
        return record

    def _remember(self, record: Record) -> Record:
        written = self._record_file.with_suffix(".new")
        written.write_text(json.dumps(asdict(record), indent=2) + "\n")
        written.replace(self._record_file)
        return record

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            lock = (self.directory / "lock").open("w")
        except PermissionError:
            raise self._belongs_to_another() from None
        except (FileExistsError, NotADirectoryError):
            raise SetupError(f"{self.directory} is not a directory") from None
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise SetupError(f"cannot use {self.directory}: {reason}") from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _belongs_to_another(self) -> SetupError:
        try:
            owner = pwd.getpwuid(self.directory.stat().st_uid).pw_name
        except (OSError, KeyError):
            owner = "another user"
        return SetupError(
            f"no permission in {self.directory}: it belongs to {owner}",
            "use a directory of your own: pgsm dev up --dir DIR",
        )

    # Creating it

    def _prepared(self, server: programs.Server) -> Record:
        """The record of a cluster whose directories exist; a new one where needed.

        A record that names the home of another directory came with a copy of it, and
        is not used.
        """
        record = self._record()
        if record is None or Path(record.home) not in (self._inside, self._stored):
            home = self._inside if self._reachable() else self._stored
            self._discard_leftovers(home)
            sockets = self._socket_directory(home)
            record = Record(FIRST_PORT, str(home), str(sockets), server.version)
        elif Path(record.home) == self._inside and not self._reachable():
            raise SetupError(
                f"the user {SERVER_USER} can no longer reach {self.directory}",
                "let it (chmod o+x on the directories above), or begin anew: "
                "pgsm dev down --delete",
            )
        elif record.version != server.version and self._is_initialised(record):
            raise SetupError(
                f"the cluster in {self.directory} was made by PostgreSQL "
                f"{record.version}, and the newest server here is {server.version}",
                "remove it with: pgsm dev down --delete",
            )
        for directory in {Path(record.home), Path(record.sockets)}:
            self._make_private(directory)
        return self._remember(record)

    # Where the server's own files are: below the directory when they can be.

    @property
    def _inside(self) -> Path:
        return self.directory / "server"

    @property
    def _stored(self) -> Path:
        name = hashlib.sha256(os.fsencode(self.directory.resolve())).hexdigest()[:16]
        return ROOTS_STORE / name

    def _reachable(self) -> bool:
        return os.geteuid() != 0 or postmaster.can_reach(_server_user(), self.directory)

    def _discard_leftovers(self, home: Path) -> None:
        """Without a record nobody knows the password: what is there is of no use."""
        if not home.exists():
            return
        pid = postmaster.running_pid(home / "data")
        if pid is not None:
            postmaster.stop(pid)
        shutil.rmtree(home)

    def _socket_directory(self, home: Path) -> Path:
        longest = home / f".s.PGSQL.{LAST_PORT}"
        if len(os.fsencode(longest)) <= SOCKET_PATH_LIMIT:
            return home
        return Path(tempfile.mkdtemp(prefix="pgsm-", dir="/tmp"))

    def _make_private(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        if os.geteuid() == 0:
            user = _server_user()
            os.chown(directory, user.pw_uid, user.pw_gid)

    def _is_initialised(self, record: Record) -> bool:
        return (Path(record.home) / "initialised").exists()

    def _initialised(self, server: programs.Server, record: Record) -> Record:
        if self._is_initialised(record):
            return record
        home = Path(record.home)
        self._discard_leftovers(home / "data")
        shutil.rmtree(home / "data", ignore_errors=True)
        password = secrets.token_urlsafe(24)
        _write_private(self._password_file, password + "\n")
        _write_private(home / "pw", password + "\n", for_server=True)
        command = [server.program("initdb"), "--pgdata", str(home / "data")]
        command += ["--pwfile", str(home / "pw"), "--username", SERVER_USER]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
        if self.settings.get("fsync") == "off":
            command.append("--no-sync")
        try:
            self._run(command, home)
        finally:
            (home / "pw").unlink()
        with (home / "data" / "postgresql.conf").open("a") as conf:
            conf.write("include 'pgsm.conf'\n")
        (home / "initialised").touch()
        return self._remember(replace(record, version=server.version))

    def _run(self, command: list[str], home: Path) -> None:
        done = subprocess.run(
            command,
            cwd=home,
            env=postmaster.clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            **postmaster.as_user(_server_user()),
        )
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-6:]
            raise SetupError(f"{Path(command[0]).name} failed", "\n".join(last))

    # Starting and stopping it

    def _started(
        self, server: programs.Server, record: Record, port: int | None
    ) -> Record:
        data = Path(record.home) / "data"
        running = postmaster.running_pid(data)
        wanted = port or record.port
        if running is not None:
            if wanted == record.port and not self._configure(record):
                postmaster.wait_until_ready(data, running)
                return record
            if wanted != record.port:
                _require_free(wanted)
            postmaster.stop(running)
        if port is not None:
            _require_free(port)
        for candidate in _candidates(wanted, explicit=port is not None):
            record = replace(record, port=candidate)
            self._configure(record)
            if self._start(server, record):
                return self._remember(record)
        raise SetupError(f"no free port between {FIRST_PORT} and {LAST_PORT}")

    def _configure(self, record: Record) -> bool:
        """Write the settings; true when they are others than before."""
        path = Path(record.home) / "data" / "pgsm.conf"
        text = _configuration(self._all_settings(record))
        if path.exists() and path.read_text() == text:
            return False
        path.unlink(missing_ok=True)
        _write_private(path, text, for_server=True)
        return True

    def _all_settings(self, record: Record) -> dict[str, str]:
        sockets = record.sockets.replace('"', '""')
        return {
            "listen_addresses": "127.0.0.1",
            "port": str(record.port),
            "unix_socket_directories": f'"{sockets}"',
            "shared_preload_libraries": "pg_cron",
            "cron.database_name": self.database,
            "cron.use_background_workers": "on",
            "max_worker_processes": "24",
            "max_connections": "200",
            "timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            **self.settings,
        }

    def _start(self, server: programs.Server, record: Record) -> bool:
        """True when the server runs; false when another one has taken the port."""
        home = Path(record.home)
        postmaster.remove_stale_locks(home / "data", Path(record.sockets))
        log = home / "server.log"
        command = [server.program("pg_ctl"), "start", "--wait", "--timeout=60"]
        command += ["--silent", "--pgdata", str(home / "data"), "--log", str(log)]
        for _ in range(20):
            before = log.stat().st_size if log.exists() else 0
            try:
                self._run(command, home)
            except SetupError as problem:
                said = postmaster.log_since(log, before)
                if not postmaster.port_is_free(record.port):
                    return False
                # Children of a killed postmaster hold its memory for a moment.
                if "pre-existing shared memory block" not in said:
                    hint = f"its log, {log}, ends:\n{said.strip()}"
                    raise SetupError("the server does not start", hint) from problem
                time.sleep(0.25)
            else:
                return True
        raise SetupError("processes of a crashed server do not end", f"see {log}")

    def _stop(self, record: Record) -> bool:
        pid = postmaster.running_pid(Path(record.home) / "data")
        if pid is None:
            return False
        try:
            postmaster.stop(pid)
        except PermissionError:
            raise self._belongs_to_another() from None
        return True

    # The database in it

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(self.dsn_of(database), autocommit=True)

    def _create_database(self) -> None:
        with self._connect("postgres") as connection:
            found = connection.execute(
                "select 1 from pg_database where datname = %s", [self.database]
            ).fetchone()
            if found is None:
                name = sql.Identifier(self.database)
                connection.execute(sql.SQL("create database {}").format(name))
        with self._connect(self.database) as connection:
            for extension in EXTENSIONS:
                # where `empty` leaves pg_cron
                place = " schema pg_catalog" if extension == "pg_cron" else ""
                create = sql.SQL("create extension if not exists {}" + place)
                connection.execute("set client_min_messages = warning")
                connection.execute(create.format(sql.Identifier(extension)))


def _server_user() -> pwd.struct_passwd:
    """The user that runs the server: ourselves, or `postgres` when we are root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        raise SetupError(
            f"PostgreSQL does not run as root, and there is no user {SERVER_USER}",
            f"useradd --system {SERVER_USER}",
        ) from None


def _write_private(path: Path, text: str, *, for_server: bool = False) -> None:
    """A file that its owner alone may read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if for_server and os.geteuid() == 0:
            user = _server_user()
            os.fchown(descriptor, user.pw_uid, user.pw_gid)
        file.write(text)


def _configuration(settings: Mapping[str, str]) -> str:
    lines = [
        "{} = '{}'".format(name, value.replace("\\", "\\\\").replace("'", "''"))
        for name, value in settings.items()
    ]
    return "# Written by pgsm at each start.\n" + "\n".join(lines) + "\n"


def _require_free(port: int) -> None:
    if not postmaster.port_is_free(port):
        raise SetupError(
            f"port {port} is in use by another program",
            "name another one with --port, or none to have a free one chosen",
        )


def _candidates(wanted: int, *, explicit: bool) -> Iterator[int]:
    if explicit:
        yield wanted
        return
    ports = [wanted, *range(FIRST_PORT, LAST_PORT + 1)]
    yield from (port for port in ports if postmaster.port_is_free(port))


def empty(dsn: str) -> None:
    """Drop all that was made in a database, but neither the database nor pg_cron.

    With the database pg_cron's launcher would be ended, and it does not come back
    before the server is restarted.  One whose extension is dropped and made anew may
    go on with the jobs of the old one, and see none of the new.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.execute("select to_regclass('cron.job')").fetchone() != (None,):
            connection.execute("delete from cron.job")
            connection.execute("truncate cron.job_run_details")
        schemas = connection.execute(
            "select nspname from pg_namespace as n"
            " where nspname !~ '^pg_' and nspname <> 'information_schema'"
            " and not exists (select from pg_depend as d join pg_extension as e"
            " on e.oid = d.refobjid where d.objid = n.oid and d.deptype = 'e'"
            " and d.classid = 'pg_namespace'::regclass and e.extname = 'pg_cron')"
        ).fetchall()
        for row in schemas:
            name = sql.Identifier(row[0])
            connection.execute(sql.SQL("drop schema {} cascade").format(name))
        connection.execute("create schema public authorization pg_database_owner")
        connection.execute("grant usage on schema public to public")
