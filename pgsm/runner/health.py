"""Whether the runner lives and works, and its metrics, over HTTP.

In a thread of its own and with the standard library's server: it answers, and tells so,
while a handler holds up the event loop.
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .metrics import Metrics

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STILL_SECONDS = 15.0


class Health:
    """What the runner last said of itself.  Written in the loop, read in threads."""

    def __init__(self) -> None:
        self._beat_at = time.monotonic()
        self._phase = "starting"
        self._trouble: str | None = None

    def beat(self) -> None:
        self._beat_at = time.monotonic()

    def phase(self, phase: str) -> None:
        """One of starting, running, stopping."""
        self._phase = phase

    def database(self, trouble: str | None) -> None:
        """What the last call of the database failed with, or None."""
        self._trouble = trouble

    def not_alive(self) -> str | None:
        """Why the process should be restarted, or None."""
        still = time.monotonic() - self._beat_at
        if still > STILL_SECONDS:
            return f"the event loop has stood still for {still:.0f} s"
        return None

    def not_ready(self) -> str | None:
        """Why no effects are taken now, or None."""
        if self._phase != "running":
            return self._phase
        if self._trouble is not None:
            return f"no database: {self._trouble}"
        return self.not_alive()


class StatusServer:
    """/metrics, /healthz and /readyz."""

    def __init__(self, health: Health, metrics: Metrics, host: str, port: int) -> None:
        """Raises OSError where the port is taken."""
        handler = _handler(health, metrics)
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, name="status", daemon=True
        ).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(health: Health, metrics: Metrics) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._send(200, METRICS_TYPE, metrics.text())
            elif self.path == "/healthz":
                self._say(health.not_alive())
            elif self.path == "/readyz":
                self._say(health.not_ready())
            else:
                self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def _say(self, problem: str | None) -> None:
            body = {"ok": problem is None, **({"problem": problem} if problem else {})}
            status = 200 if problem is None else 503
            self._send(status, "application/json", json.dumps(body).encode() + b"\n")

        def _send(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing: probes would fill the log."""

    return Handler
