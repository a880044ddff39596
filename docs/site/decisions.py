"""docs/decisions/README.md: the decisions by number."""

from pathlib import Path
from typing import Final

from docs.site.markdown import page, table

FOLDER: Final = Path(__file__).parents[1] / "decisions"

INTRODUCTION: Final = """# Decisions

A short page for each choice that cost thought: what was decided, why, and what else was
considered. `python -m docs.site` writes this list.
"""


def decisions_page() -> str:
    """The page as Markdown."""
    rows = [_row(path) for path in sorted(FOLDER.glob("[0-9]*.md"))]
    return page(INTRODUCTION, table(["", "decision"], rows))


def _row(path: Path) -> list[str]:
    heading = path.read_text(encoding="utf-8").splitlines()[0]
    number, _, title = heading.removeprefix("# ").partition(". ")
    return [number, f"[{title}]({path.name})"]
