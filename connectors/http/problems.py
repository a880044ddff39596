"""Errors as problem documents (RFC 9457): what was wrong, where, and what to do."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"
RETRY_S: Final = 2
_log = logging.getLogger(__name__)


class Problem(BaseModel):
    """A problem document."""

    type: str = Field(description="urn:voxpop:problem: and the kind of the problem")
    title: str = Field(description="the kind in words; the same whenever it occurs")
    status: int = Field(description="status of the answer")
    detail: str = Field(description="what was wrong this time, and what to do")
    instance: str = Field(description="path that was asked for")


def documented(said: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Problems of a route by status, as its OpenAPI document lists them."""
    return {
        code: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": description}
        for code, description in said.items()
    }


class ProblemError(Exception):
    """A request cannot be answered, for a reason that whoever asked can mend.

    Args:
        status: of the answer.
        kind: last part of the type, words joined by `_`.
        detail: what was wrong and what to do.
        headers: to send with it.
    """

    def __init__(
        self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers

    def answer(self, path: str) -> Response:
        """The document."""
        document = Problem(
            type=f"urn:voxpop:problem:{self.kind}",
            title=self.kind.replace("_", " ").capitalize(),
            status=self.status,
            detail=self.detail,
            instance=path,
        )
        return Response(
            document.model_dump_json(), self.status, dict(self.headers or {}), MEDIA_TYPE
        )


def answer_with_problems(app: FastAPI) -> None:
    """Have every error of an application answered as a problem document."""

    @app.exception_handler(ProblemError)
    async def _raised(request: Request, error: ProblemError) -> Response:
        return error.answer(request.url.path)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return ProblemError(422, "invalid_request", said).answer(request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        kind = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        detail = f"{error.detail}: /openapi.json lists what there is"
        problem = ProblemError(error.status_code, kind, detail, error.headers)
        return problem.answer(request.url.path)

    @app.exception_handler(RedisError)
    async def _redis(request: Request, error: RedisError) -> Response:
        _log.warning("Redis did not answer %s: %s", request.url.path, error)
        return unreachable().answer(request.url.path)


@contextmanager
def telling_bad_range() -> Iterator[None]:
    """Turn what the body has against a range into a problem.

    Raises:
        ProblemError: it raised a ValueError or an OverflowError.
    """
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise ProblemError(400, "bad_range", str(error)) from error


def unreachable() -> ProblemError:
    """Redis does not answer."""
    return ProblemError(
        503,
        "redis_unreachable",
        "Redis does not answer, so nothing can be read; try again in a moment",
        {"Retry-After": str(RETRY_S)},
    )
