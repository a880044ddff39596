"""An audit is only believed where advisories could be asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.advisories import why_not


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server with one answer for everything; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_who_tells_of_vulnerabilities_can_be_asked() -> None:
    with answering(200, json.dumps({"vulnerabilities": [{"id": "PYSEC-1"}]}).encode()) as page:
        assert why_not(page) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"{}"), (200, b"<html>"), (200, b"{}"), (200, b"[]"), (200, b'{"vulnerabilities": []}')],
)
def test_a_mirror_that_tells_nothing_is_told_from_one_that_found_nothing(
    status: int, body: bytes
) -> None:
    with answering(status, body) as page:
        assert page in str(why_not(page))


def test_where_nobody_answers_nothing_can_be_asked() -> None:
    assert why_not("http://127.0.0.1:1/") is not None
