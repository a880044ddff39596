"""What commands of `voxpop bench` share: options, and how figures come and are told."""

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


class Figures(Protocol):
    """What a benchmark gives: a dataclass that prints itself."""

    def show(self, console: "Console") -> None:
        """Print the tables."""


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
    """Print figures, and write them to a file where one is named."""
    from stream_app.cli.json_file import write_json  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415

    figures.show(wide_console())
    if path is not None:
        write_json(path, figures)
