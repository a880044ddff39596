"""The HTTP application, put together. Not for running it: `voxpop serve` does."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from connectors.build import this_build
from connectors.http.dashboard_files import serve_dashboard
from connectors.http.evidence_routes import evidence_routes
from connectors.http.explanation_routes import explanation_routes
from connectors.http.guard import Guard
from connectors.http.judgement_routes import judgement_routes
from connectors.http.operations_routes import operations_routes
from connectors.http.options import ApiOptions
from connectors.http.problems import answer_with_problems
from connectors.http.services import make_services, running
from connectors.http.stream_routes import stream_routes
from connectors.http.trend_routes import trend_routes

ROUTES: Final = (
    trend_routes,
    judgement_routes,
    evidence_routes,
    explanation_routes,
    stream_routes,
    operations_routes,
)


def make_app(options: ApiOptions) -> tuple[FastAPI, Callable[[], None]]:
    """An application that reads one deployment.

    Args:
        options: where the trends are and who may ask.

    Returns:
        The application, and what ends its streams, which would never end by themselves.
    """
    services = make_services(options)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with running(services):
            yield

    app = FastAPI(
        title="Voxpop",
        version=this_build().version,
        description="Public opinion in social-media streams: exact sentiment and emotion trends.",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    answer_with_problems(app)
    for routes in ROUTES:
        app.include_router(routes(services))
    serve_dashboard(app)
    if options.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(options.cors_origins),
            allow_methods=["GET"],
            allow_headers=["Authorization", "If-None-Match", "Last-Event-ID"],
            expose_headers=["ETag", "Link", "Total-Count", "Retry-After"],
        )
    app.add_middleware(Guard, options=options, metrics=services.metrics)
    return app, services.feed.close
