"""TLS in front of a plain server: the Valkey of the local stack is built without it.

What a client does is the same as with a server that speaks TLS itself: the handshake, both
certificates, the name, then the same bytes.
"""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from deploy.local.processes import LOCALHOST

CHUNK = 64 * 1024


@contextlib.contextmanager
def tls_proxy(port: int, keystore: Path, clients_authority: Path | None = None) -> Iterator[int]:
    """Serve TLS on a free port, from a thread of its own, and pass everything on to `port`.

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
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # handshakes that tests let fail
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_serve(port, context), loop).result()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(port: int, context: ssl.SSLContext) -> asyncio.Server:
    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        plain_reader, plain_writer = await asyncio.open_connection(LOCALHOST, port)
        await asyncio.gather(_copy(reader, plain_writer), _copy(plain_reader, writer))

    return await asyncio.start_server(pass_on, LOCALHOST, 0, ssl=context)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.CancelledError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)
