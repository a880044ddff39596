"""The route that tells why an example post was scored as it was."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from connectors.exemplars.explanation import (
    ExplanationDelayedError,
    ExplanationUnavailableError,
    PostExplanation,
    Task,
)
from connectors.exemplars.explanations import NoSuchExampleError, TooManyQuestionsError
from connectors.http.problems import ProblemError, documented
from connectors.http.services import Services
from connectors.http.trend_routes import PROBLEMS, Track, require_track

RETRY_S: Final = 5
LONG_RETRY_S: Final = 30
OWN_PROBLEMS: Final = documented(
    {
        404: "There is no such track or example, or this server explains none",
        410: "It cannot be explained, or not any more",
        503: "Too many ask, what explains is in trouble, or Redis does not answer",
    }
)


def explanation_routes(services: Services) -> APIRouter:
    """The route, answered by these services."""
    routes = APIRouter(
        prefix="/api/v1",
        tags=["evidence"],
        responses=PROBLEMS | OWN_PROBLEMS,
        route_class=services.bodies.route_class(),
    )

    @routes.get("/explanations/{track:path}")
    async def explanation(
        track: Track,
        post_id: Annotated[str, Query(min_length=1, max_length=512, description="its post_id")],
        task: Annotated[Task, Query(description="which of its labels")] = "sentiment",
    ) -> PostExplanation:
        """Why an example post got its label: modalities, earlier posts, and words where kept.

        The first who asks waits for seconds; the answer is then kept for the others.
        """
        if services.explanations is None:
            raise ProblemError(
                404,
                "nothing_explains",
                "this server explains no posts: VOXPOP_EXPLAIN is off, or no model is installed",
            )
        await require_track(services.trends, track)
        try:
            return await services.explanations.explain(track, post_id, task)
        except NoSuchExampleError as error:
            raise ProblemError(404, "no_such_example", str(error)) from error
        except ExplanationUnavailableError as error:
            raise ProblemError(410, "not_explainable", str(error)) from error
        except TooManyQuestionsError as error:
            retry = {"Retry-After": str(RETRY_S)}
            raise ProblemError(503, "too_many_questions", str(error), retry) from error
        except ExplanationDelayedError as error:
            retry = {"Retry-After": str(LONG_RETRY_S)}
            raise ProblemError(503, "not_explained_now", str(error), retry) from error

    return routes
