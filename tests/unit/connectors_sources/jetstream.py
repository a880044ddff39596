"""A server that speaks as Jetstream does, by a script; and events as it sends them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

DID = "did:plc:eygmaihciaxprqvxpfvl6flk"
BEGAN_US = 1_764_000_000_000_000
URI = f"at://{DID}/app.bsky.feed.post"


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {"did": DID, "time_us": BEGAN_US + number * 1_000_000} | fields


def commit(number: int, operation: str, record: dict[str, Any] | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "rev": "3l3qo2vutsw2b",
        "operation": operation,
        "collection": "app.bsky.feed.post",
        "rkey": f"3k{number}",
    }
    if record is not None:
        body |= {
            "record": record,
            "cid": "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi",
        }
    return event(number, kind="commit", commit=body)


def created(number: int, text: str = "I love acme", **fields: Any) -> dict[str, Any]:
    record = {
        "$type": "app.bsky.feed.post",
        "createdAt": "2025-11-24T16:00:00.250Z",
        "langs": ["en"],
        "text": text,
    }
    return commit(number, "create", record | fields)


def reply_to(root: str, parent: str) -> dict[str, Any]:
    cid = "bafyreiexample"
    return {"root": {"cid": cid, "uri": root}, "parent": {"cid": cid, "uri": parent}}


@dataclass
class Turn:
    """What a connection gets: a refusal, or events and then an end or silence.

    Attributes:
        abort: cut the connection without a farewell.
    """

    events: Sequence[dict[str, Any] | str] = ()
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    stay: bool = False
    abort: bool = False


class Jetstream:
    """Gives each connection its turn, and the last turn again for ever."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = list(turns)
        self._left = list(turns)
        self.queries: list[dict[str, list[str]]] = []
        self.url = ""

    def _turn(self) -> Turn:
        return self._left[0] if len(self._left) == 1 else self._left.pop(0)

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        del connection
        self.queries.append(parse_qs(urlsplit(request.path).query))
        turn = self._left[0]
        if turn.status is None:
            return None
        self._turn()
        return Response(turn.status, HTTPStatus(turn.status).phrase, Headers(turn.headers), b"")

    async def serve(self, connection: ServerConnection) -> None:
        turn = self._turn()
        most = int(self.queries[-1].get("maxMessageSizeBytes", ["0"])[0])
        for own in turn.events:
            message = own if isinstance(own, str) else orjson.dumps(own).decode()
            if not most or len(message.encode()) <= most:
                await connection.send(message)
        if turn.abort:
            connection.transport.abort()
        elif turn.stay:
            await connection.wait_closed()


@asynccontextmanager
async def jetstream(*turns: Turn) -> AsyncIterator[Jetstream]:
    server = Jetstream(turns)
    async with serve(server.serve, "127.0.0.1", 0, process_request=server.admit) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        server.url = f"ws://127.0.0.1:{port}/subscribe"
        yield server
