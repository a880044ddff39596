"""What commands that measure share: options, progress, how figures are told.

Not for what is measured: each command asks its module of `benchmarks`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from deploy.local.progress import Progress

Runs = Annotated[int, typer.Option(min=1, help="Runs; the median is given.")]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")]
Texts = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="A text a line; else those of the demo."),
]


class Figures(Protocol):
    """What a benchmark found, a dataclass."""

    def show(self, console: "Console") -> None:
        """Print it as a table."""


@contextmanager
def measuring(path: Path | None, *expected: type[Exception]) -> Iterator["Progress"]:
    """Draw the progress of the body; what a person can mend is told in a line.

    Args:
        path: where the figures will go, seen to before the long run.
        expected: what else may end it.
    """
    from stream_app.cli.json_file import require_place  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.trial.failures import told_in_a_line  # noqa: PLC0415

    require_place(path)
    with told_in_a_line(*expected), drawn_progress() as progress:
        yield progress


def tell(figures: Figures, path: Path | None) -> None:
    """Print figures, and write them to a file too where one is named."""
    from stream_app.cli.json_file import write_json  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415

    figures.show(wide_console())
    if path is not None:
        write_json(path, figures)


def lines(texts: Path | None) -> list[str]:
    """Lines of a file with something in them; none where there is no file."""
    every = [] if texts is None else texts.read_text(encoding="utf-8").splitlines()
    return [line for line in every if line.strip()]
