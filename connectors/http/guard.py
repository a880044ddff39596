"""Stands before every request: rate limit, token, security headers, and what is measured of it.

Plain ASGI: it sees streams pass as they are. Not for what a route answers.
"""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.http.metrics import ApiMetrics
from connectors.http.options import ApiOptions
from connectors.http.problems import ProblemError
from connectors.http.rate_limit import RateLimit
from connectors.http.tokens import Scope as TokenScope
from connectors.http.tokens import find_token, permits

HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
            "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
)
STREAM: Final = "/api/v1/stream"  # has no end, so nobody asks for its head
GUARDED: Final = ("/api/", "/metrics")
ADMIN_METHODS: Final = frozenset({"DELETE", "POST", "PUT", "PATCH"})


class Guard:
    """Lets through who may ask, and counts.

    Args:
        app: what answers.
        options: tokens and the rate limit.
        metrics: told of every answer.
    """

    def __init__(self, app: ASGIApp, options: ApiOptions, metrics: ApiMetrics) -> None:
        self._app = app
        self._tokens = options.tokens
        per_s = options.requests_per_s
        self._limit = None if per_s is None else RateLimit(per_s, time.monotonic)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = scope["method"]
        if asked == "HEAD" and scope["path"] != STREAM:
            scope = {**scope, "method": "GET"}  # the server leaves the body out
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                route = getattr(scope.get("route"), "path", "unknown")
                spent_s = time.perf_counter() - began
                self._metrics.answered(asked, route, message["status"], spent_s)
            await send(message)

        try:
            self._admit(scope)
        except ProblemError as problem:
            await problem.answer(scope["path"])(scope, receive, sending)
            return
        await self._app(scope, receive, sending)

    def _admit(self, scope: Scope) -> None:
        """Let a request through.

        Raises:
            ProblemError: its caller is not known, may not do this, or asks too often.
        """
        guarded = scope["path"].startswith(GUARDED) and scope["method"] != "OPTIONS"
        token = find_token(self._tokens, Headers(scope=scope).get("authorization"))
        caller = token.caller if token else (scope.get("client") or ("unknown",))[0]
        wait_s = self._limit.wait_s(caller) if self._limit and guarded else 0.0
        if wait_s:
            raise ProblemError(
                429,
                "too_many_requests",
                "this caller asks too often: keep to the rate of VOXPOP_API_REQUESTS_PER_S, or "
                "follow /api/v1/stream instead of asking again and again",
                {"Retry-After": str(int(wait_s) + 1)},
            )
        if not guarded:
            return
        needed: TokenScope = "admin" if scope["method"] in ADMIN_METHODS else "read"
        if not self._tokens:
            if needed == "admin":
                raise ProblemError(
                    403,
                    "admin_token_needed",
                    "an open server changes nothing: set VOXPOP_API_TOKENS=admin:SECRET where it "
                    "runs, and send that secret",
                )
            return
        if token is None:
            raise ProblemError(
                401,
                "token_needed",
                "send the header Authorization: Bearer TOKEN, with a token of VOXPOP_API_TOKENS",
                {"WWW-Authenticate": 'Bearer realm="voxpop"'},
            )
        if not permits(token, needed):
            raise ProblemError(403, "scope_too_small", f"this needs a token of scope {needed}")
