"""Answers `/metrics`, `/healthz` and `/readyz` of a worker, from a thread of its own.

A thread, so that a worker whose event loop stands still can still say so. Not for the trends: that
is `voxpop serve`.
"""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from stream_app.health import Health, Verdict

JSON: Final = "application/json"
Answer = tuple[HTTPStatus, str, bytes]


class StatusServer:
    """Serves until the process ends.

    Args:
        registry: what `/metrics` shows.
        health: what the other two are judged from.
    """

    def __init__(self, registry: CollectorRegistry, health: Health) -> None:
        self._registry = registry
        self._health = health

    def start(self, port: int) -> None:
        """Listen on all addresses of this machine.

        Raises:
            OSError: the port is taken.
        """
        server = _Server(("", port), self)
        threading.Thread(target=server.serve_forever, name="status", daemon=True).start()

    def answer(self, path: str) -> Answer:
        """Status, content type and body for a path."""
        match path.partition("?")[0]:
            case "/metrics":
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(self._registry)
            case "/healthz":
                return _told(self._health.healthy())
            case "/readyz":
                return _told(self._health.ready())
        return HTTPStatus.NOT_FOUND, JSON, b'{"paths":["/metrics","/healthz","/readyz"]}'


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], status: StatusServer) -> None:
        self.status = status
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10.0  # a client that says nothing

    def do_GET(self) -> None:
        """Answer one request; the name is the standard library's."""
        status, kind, body = self.server.status.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Probes come every few seconds: the log has better things to tell."""


def _told(verdict: Verdict) -> Answer:
    status = HTTPStatus.OK if verdict.status == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    return status, JSON, orjson.dumps(verdict)
