"""`python -m benchmarks.page FOLDER PAGE`: a part whose figures are not there stays as it is."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.page import peers, tables
from benchmarks.page.folder import FiguresError, Folder
from stream_app.capacity.blocks import filled

PARTS: Final[Mapping[str, tuple[Callable[[Folder], str], Sequence[str]]]] = {
    "machine": (tables.machine, ("engine", "pipeline", "peers")),
    "engine": (tables.engines, ("engine",)),
    "candidates": (tables.candidates, ("candidates",)),
    "windows": (tables.windows, ("windows",)),
    "acceleration": (tables.acceleration, ("acceleration",)),
    "reading": (tables.reading, ("reading",)),
    "pipeline": (tables.pipeline, ("pipeline",)),
    "pipeline-cost": (tables.core_time, ("pipeline",)),
    "pipeline-stages": (tables.stages, ("pipeline",)),
    "extraction": (tables.extraction, ("extraction",)),
    "growth": (tables.growth, ("growth",)),
    "soak": (tables.soak, ("soak",)),
    "verify": (tables.verify, ("verify",)),
    "peers": (peers.speed, ("peers", "peers-long")),
    "peers-wait": (peers.waits, ("peers", "peers-long")),
}


def with_figures(page: str, folder: Folder) -> str:
    """A page's text with the tables of all figures that are there.

    Raises:
        FiguresError: a file cannot be read.
        BlockMissingError: the page lacks the place of a part.
    """
    for name, (told, files) in PARTS.items():
        if all(map(folder.has, files)):
            page = filled(page, name, told(folder))
    return page


def main(folder: Path, page: Path) -> int:
    """Fill a page; returns the exit code."""
    try:
        text = with_figures(page.read_text(encoding="utf-8"), Folder(folder))
    except (FiguresError, ValueError) as error:
        print(f"{page}: {error}", file=sys.stderr)
        return 1
    page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
