"""TLS in front of a plain server: the Valkey of the local stack is built without it.

What a client does is the same as with a server that speaks TLS itself: the handshake, both
certificates, the name, then the same bytes. Sockets that block, since those of asyncio end a
handshake that fails without the alert that says why.
"""

import contextlib
import selectors
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from deploy.local.processes import LOCALHOST

CHUNK = 64 * 1024


@contextlib.contextmanager
def tls_proxy(port: int, keystore: Path, clients_authority: Path | None = None) -> Iterator[int]:
    """Serve TLS on a free port, a thread each connection, and pass everything on to `port`.

    Args:
        port: of the plain server, on 127.0.0.1.
        keystore: PEM file with the key and the certificate.
        clients_authority: PEM file; set, clients must have a certificate of it.

    Yields:
        The port that speaks TLS.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(keystore)
    if clients_authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients_authority)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):  # handshakes that tests let fail
                _pass_on(context.wrap_socket(self.request, server_side=True), port)

    with socketserver.ThreadingTCPServer((LOCALHOST, 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _pass_on(client: ssl.SSLSocket, port: int) -> None:
    with (
        client,
        socket.create_connection((LOCALHOST, port)) as plain,
        selectors.DefaultSelector() as ready,
    ):
        ready.register(client, selectors.EVENT_READ, plain)
        ready.register(plain, selectors.EVENT_READ, client)
        while True:
            for key, _ in ready.select():
                source, target = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                chunk = source.recv(CHUNK)
                while source is client and client.pending():
                    chunk += client.recv(CHUNK)
                if not chunk:
                    return
                target.sendall(chunk)
