"""The files of the dashboard, and of the chart library that it draws with.

Apache ECharts comes as NiceGUI bundles it; nothing of NiceGUI is imported or run.
"""

from importlib.util import find_spec
from os import PathLike, stat_result
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGES: Final = Path(__file__).parent / "dashboard"
CHARTS: Final = "elements/echart/dist"
LEAST_BYTES: Final = 1024


def serve_dashboard(app: FastAPI) -> None:
    """Serve the page at `/` and what it needs under `/assets`."""

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        """The page; what it shows is in its query."""
        return FileResponse(PAGES / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/assets/charts", GZipMiddleware(_Files(_charts(), "max-age=86400"), LEAST_BYTES))
    app.mount("/assets", GZipMiddleware(_Files(PAGES, "no-cache"), LEAST_BYTES))


class _Files(StaticFiles):
    """Files of a folder, with how long a browser may keep them without asking."""

    def __init__(self, folder: Path, cache: str) -> None:
        super().__init__(directory=folder)
        self._cache = cache

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """A file, or that it is still the same."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        MutableHeaders(raw=response.raw_headers)["Cache-Control"] = self._cache
        return response


def _charts() -> Path:
    """Folder of the chart library.

    Raises:
        ModuleNotFoundError: the package that carries it is not installed.
    """
    package = find_spec("nicegui")  # finds it without running it
    if package is None or package.origin is None:
        raise ModuleNotFoundError(
            "nicegui, which carries the charts, is missing: run `make install`"
        )
    return Path(package.origin).parent / CHARTS
