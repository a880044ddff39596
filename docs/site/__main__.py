"""`python -m docs.site`: writes the pages of docs/ that come from the code."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from docs.site.commands import commands_page
from docs.site.decisions import decisions_page
from docs.site.metrics import metrics_page
from docs.site.python_api import python_page
from docs.site.routes import routes_page
from docs.site.schemas import schemas_page

DOCS: Final = Path(__file__).parents[1]
PAGES: Final[dict[str, Callable[[], str]]] = {
    "decisions/README.md": decisions_page,
    "reference/commands.md": commands_page,
    "reference/http.md": routes_page,
    "reference/metrics.md": metrics_page,
    "reference/python.md": python_page,
    "schemas/README.md": schemas_page,
}


def write_pages() -> None:
    """Write every page."""
    for name, made in PAGES.items():
        (DOCS / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
