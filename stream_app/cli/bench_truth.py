"""`voxpop bench explanations|accuracy|identities`: if what is said is true, and to all the same."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples
from stream_app.cli.measurement import Json, tell

EXPLANATIONS_EXAMPLES = examples(
    "voxpop bench explanations --data meld=MELD --out explained --posts 100"
)


def explanations(
    data: Annotated[
        list[str],
        typer.Option(help="meld=PATH or another source of training data, and its .features=PATH."),
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for figures and plot.")],
    split: Annotated[str, typer.Option(help="Split that the posts are drawn from.")] = "dev",
    posts: Annotated[int, typer.Option(min=1, help="Most posts explained.")] = 300,
) -> None:
    """Measure whether explanations are true: deletion curves against random orders.

    Writes explanations.json and explanations.png.
    """
    from benchmarks import explanations as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from benchmarks.explanations_plot import draw_curves  # noqa: PLC0415
    from models.errors import ModelError  # noqa: PLC0415
    from models.training.sources import read_source  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.labelled_data import named_source  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415

    try:
        out.mkdir(parents=True, exist_ok=True)
        corpus = read_source(named_source(data))
        with drawn_progress() as progress:
            figures = benchmark.run(corpus, split, posts, progress)
        draw_curves(figures.parts, out / "explanations.png")
    except (ModelError, OSError) as error:
        raise CliError(str(error)) from error
    tell(figures, out / "explanations.json")


ACCURACY_EXAMPLES = examples("voxpop bench accuracy --data meld=MELD --window 32 --window 8")


def accuracy(
    data: Annotated[
        list[str],
        typer.Option(help="meld=PATH or another source of training data, and its .features=PATH."),
    ],
    window: Annotated[
        list[int] | None,
        typer.Option(min=1, max=512, help="Most posts in a window; the first for all engines."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(file_okay=False, help="Keep text features here.")
    ] = None,
    json: Json = None,
) -> None:
    """Measure whether the fast engines say what the reference says, on labelled posts."""
    from benchmarks import accuracy as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from models.errors import ModelError  # noqa: PLC0415
    from models.training.sources import read_source  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.json_file import require_place  # noqa: PLC0415
    from stream_app.cli.labelled_data import named_source  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    require_place(json)
    settings = Settings()
    try:
        corpus = read_source(named_source(data))
        folder = settings.data_dir / "text-features" if cache is None else cache
        folder.mkdir(parents=True, exist_ok=True)
        with drawn_progress() as progress:
            figures = benchmark.run(corpus, window or [settings.window], folder, progress)
    except (ModelError, OSError) as error:
        raise CliError(str(error)) from error
    tell(figures, json)


IDENTITIES_EXAMPLES = examples("voxpop bench identities --json identities.json")


def identities(json: Json = None) -> None:
    """Measure whether a post is scored differently because of whom it speaks of."""
    from benchmarks import identities as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.json_file import require_place  # noqa: PLC0415
    from stream_app.trial.failures import told_in_a_line  # noqa: PLC0415

    require_place(json)
    with told_in_a_line():
        figures = benchmark.run()
    tell(figures, json)
