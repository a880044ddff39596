"""Answers with an entity tag, made and compressed once however many ask; 304 to who has them."""

from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from connectors.gzip_parts import Part, joined_gzip

MOST_BYTES: Final = 64 * 1024 * 1024
OWN_HEADERS: Final = frozenset({"content-length", "content-type"})
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Bodies:
    """The latest bodies by their tags, so that readers of the same share one.

    Args:
        most_bytes: memory for them; those unused for longest leave first.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def respond(
        self, request: Request, tag: str, make: Callable[[], Sequence[Part]], media_type: str
    ) -> Response:
        """Answer with a body, compressed where that is accepted, or with 304 and none.

        Args:
            request: what was asked.
            tag: changes whenever a byte of the body does.
            make: makes the body's parts; not called where the body is known.
            media_type: of the body.
        """
        headers = {
            "ETag": f'W/"{tag}"',
            "Cache-Control": "no-cache",  # keep it, but ask whether it is still the same
            "Vary": "Accept-Encoding, Authorization",
        }
        if _has(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        coding = "gzip" if accepts_gzip(request.headers.get("accept-encoding", "")) else "identity"
        body = self._body(tag, coding, make)
        if coding == "gzip":
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers, media_type=media_type)

    def route_class(self) -> type[APIRoute]:
        """Routes whose answers get a tag by their content; those that have one are left alone."""

        class TaggedRoute(APIRoute):
            """A route whose readers share bodies."""

            def get_route_handler(route) -> Handler:  # noqa: N805 - `self` is the bodies
                """What answers a request."""
                answer = super().get_route_handler()

                async def tagged(request: Request) -> Response:
                    return self._tagged(request, await answer(request))

                return tagged

        return TaggedRoute

    def _tagged(self, request: Request, answer: Response) -> Response:
        """An answer to GET with a tag, where it has none and has an end."""
        done = request.method != "GET" or answer.status_code != 200 or "etag" in answer.headers
        if done or isinstance(answer, StreamingResponse):
            return answer
        parts = [Part(bytes(answer.body))]
        shared = self.respond(request, tag_of(parts), lambda: parts, answer.headers["content-type"])
        for name, value in answer.headers.items():
            if name not in OWN_HEADERS:
                shared.headers[name] = value
        return shared

    def _body(self, tag: str, coding: str, make: Callable[[], Sequence[Part]]) -> bytes:
        kept = self._kept.get((tag, coding))
        if kept is not None:
            self._kept.move_to_end((tag, coding))
            return kept
        parts = make()
        body = joined_gzip(parts) if coding == "gzip" else b"".join(part.plain for part in parts)
        self._kept[tag, coding] = body
        self._bytes += len(body)
        while self._bytes > self._most_bytes:
            _, left = self._kept.popitem(last=False)
            self._bytes -= len(left)
        return body


def tag_of(parts: Iterable[Part]) -> str:
    """A tag by the content of a body."""
    digest = blake2b(digest_size=12)
    for part in parts:
        digest.update(part.plain)
    return digest.hexdigest()


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a header takes gzip (RFC 9110, 12.5.3): named, or by `*`, and not with `q=0`."""
    weights: dict[str, float] = {}
    for each in accept_encoding.lower().split(","):
        coding, _, parameter = each.partition(";")
        name, _, weight = parameter.partition("=")
        try:
            weights[coding.strip()] = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0  # malformed: the plain answer is always right
    return weights.get("gzip", weights.get("*", 0.0)) > 0.0


def _has(if_none_match: str, tag: str) -> bool:
    """Whether a header names the tag, compared weakly (RFC 9110)."""
    named = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return f'"{tag}"' in named or "*" in named
