"""A proxy before the server: counts what clients ask, and can lose the answers."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg import conninfo

STARTUP_HEADER = 4


class Proxy:
    """`requests` counts messages that ask the server to do something.

    After `swallow` nothing comes back any more through the connections that are open:
    they look alive, as they do behind a firewall that has forgotten them.
    """

    def __init__(self, dsn: str) -> None:
        self._to = conninfo.conninfo_to_dict(dsn)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._swallowed: set[socket.socket] = set()
        self.requests: Counter[str] = Counter()
        self.connections = 0
        port = self._server.getsockname()[1]
        # what is encrypted cannot be counted
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        self.dsn = conninfo.make_conninfo(dsn, host="127.0.0.1", port=port, **plain)
        threading.Thread(target=self._accept, daemon=True).start()

    def asked(self) -> int:
        """How many queries there were: simple ones, and the ends of extended ones."""
        with self._lock:
            return self.requests["Q"] + self.requests["S"]

    def swallow(self) -> None:
        with self._lock:
            self._swallowed.update(self._open)

    def close(self) -> None:
        self._server.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = self._connect()
                with self._lock:
                    self._open += [client, server]
                    self.connections += 1
                for target, ends in (
                    (self._ask, (client, server)),
                    (self._answer, (server, client)),
                ):
                    threading.Thread(target=target, args=ends, daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = str(self._to.get("host", "")), int(self._to.get("port") or 5432)
        if host.startswith("/"):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(f"{host}/.s.PGSQL.{port}")
            return connection
        return socket.create_connection((host or "localhost", port))

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client.makefile("rb") as stream:
            header = stream.read(STARTUP_HEADER)
            while header:
                rest = stream.read(int.from_bytes(header[-4:], "big") - 4)
                if len(header) > STARTUP_HEADER:
                    with self._lock:
                        self.requests[chr(header[0])] += 1
                server.sendall(header + rest)
                header = stream.read(STARTUP_HEADER + 1)
        _end(client, server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if client not in self._swallowed:
                    client.sendall(data)
        _end(client, server)


def _end(*connections: socket.socket) -> None:
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(dsn: str) -> Iterator[Proxy]:
    running = Proxy(dsn)
    try:
        yield running
    finally:
        running.close()
