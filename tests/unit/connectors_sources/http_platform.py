"""An HTTP server that answers by a script, path by path, and remembers what it was asked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

Answerer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Answer:
    """One answer; a body that is no text is sent as JSON."""

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        if isinstance(self.body, str):
            return web.Response(text=self.body, status=self.status, headers=self.headers)
        headers = {"content-type": "application/json; charset=utf-8", **self.headers}
        return web.Response(body=orjson.dumps(self.body), status=self.status, headers=headers)


Script = Mapping[str, Sequence[Answer | Answerer]]


@dataclass
class Asked:
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: str


class HttpPlatform:
    """Gives each request to a path its next answer, and the last one again for ever."""

    def __init__(self, answers: Script) -> None:
        self._answers = {path: list(own) for path, own in answers.items()}
        self.asked: list[Asked] = []
        self.url = ""

    def asked_of(self, path: str) -> list[Asked]:
        return [own for own in self.asked if own.path == path]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.path, dict(request.query), request.headers, await request.text())
        self.asked.append(asked)
        answers = self._answers.get(request.path)
        if answers is None:
            return web.Response(status=404)
        answer = answers[0] if len(answers) == 1 else answers.pop(0)
        return answer.response() if isinstance(answer, Answer) else await answer(request)


@asynccontextmanager
async def http_platform(
    answers: Script,
) -> AsyncIterator[HttpPlatform]:
    platform = HttpPlatform(answers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", platform.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    platform.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield platform
    finally:
        await runner.cleanup()
