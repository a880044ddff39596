"""The HTTP application, put together. Not for running it: `voxpop serve` does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from connectors.http.guard import Guard
from connectors.http.operations_routes import operations_routes
from connectors.http.options import ApiOptions
from connectors.http.problems import answer_with_problems
from connectors.http.services import make_services, running
from connectors.http.stream_routes import stream_routes
from connectors.http.trend_routes import trend_routes


def make_app(options: ApiOptions) -> FastAPI:
    """An application that reads one deployment.

    Args:
        options: where the trends are and who may ask.
    """
    services = make_services(options)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with running(services):
            yield

    app = FastAPI(
        title="Voxpop",
        version=version("voxpop"),
        description="Public opinion in social-media streams: exact sentiment and emotion trends.",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    answer_with_problems(app)
    for routes in (trend_routes, stream_routes, operations_routes):
        app.include_router(routes(services))
    if options.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(options.cors_origins),
            allow_methods=["GET"],
            allow_headers=["Authorization", "If-None-Match", "Last-Event-ID"],
            expose_headers=["ETag", "Link", "Total-Count", "Retry-After"],
        )
    app.add_middleware(Guard, options=options, metrics=services.metrics)
    return app
