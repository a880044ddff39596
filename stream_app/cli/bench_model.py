"""`voxpop bench model|acceleration`: the network and the paper's baselines side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.examples import examples

if TYPE_CHECKING:
    from deploy.local.progress import Progress
    from models.training.corpus import Corpus


MODEL_EXAMPLES = examples(
    "voxpop bench model --data meld=MELD --out tables",
    "voxpop bench model --data meld=MELD --out tables --set schedule.epochs=2",
)


def model(
    *,
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for finished runs and tables.")
    ],
    data: Annotated[
        list[str],
        typer.Option(
            help="NAME=PATH of a source; NAME.features=PATH of its npz. Data sets without a path "
            "are left out.",
            metavar="NAME=PATH",
        ),
    ],
    config: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A TOML file; else model_tables.toml."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=VALUE for every run.", metavar="KEY=VALUE"),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep text features here; else in the data folder."),
    ] = None,
) -> None:
    """Train systems side by side over seeds: mean and deviation of F1 on each data set.

    Each finished run is kept in OUT: the same command goes on after a kill.
    """
    from benchmarks import model_tables as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from models.errors import ModelError  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    try:
        with drawn_progress() as progress:
            figures = benchmark.run(
                config or benchmark.CONFIG,
                data,
                change or (),
                out,
                cache or Settings().data_dir / "text-features",
                progress,
                lambda line: typer.echo(line, err=True),
            )
    except (ModelError, OSError) as error:
        raise CliError(str(error)) from error
    figures.show(wide_console())
    typer.echo(f"{out / benchmark.PAGE_FILE}: the tables with dev")


ACCELERATION_EXAMPLES = examples(
    "voxpop bench acceleration --posts 64 --runs 1 --json acceleration.json"
)


def acceleration(
    *,
    posts: Annotated[int, typer.Option(min=1, help="Most posts of an epoch.")] = 640,
    runs: Annotated[int, typer.Option(min=1, help="Runs; the median is given.")] = 3,
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="meld=PATH or another source of training data, and its .features=PATH; else "
            "random posts in the paper's form.",
            metavar="NAME=PATH",
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep text features here; else in the data folder."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Measure the paper's acceleration ratio S = T_cpu / T_gpu of the four systems.

    T is the time of a training epoch, and for the twin that of scoring the same posts. Without a
    GPU only T_cpu is measured.
    """
    from benchmarks import acceleration as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.json_file import require_place, write_json  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415
    from stream_app.trial.failures import told_in_a_line  # noqa: PLC0415

    require_place(json)
    with told_in_a_line(OSError), drawn_progress() as progress:
        corpus = _read_one(data, cache, progress) if data else benchmark.synthetic_corpus(posts)
        figures = benchmark.run(corpus, posts, runs, progress)
    figures.show(wide_console())
    if json is not None:
        write_json(json, figures)


def _read_one(data: list[str], cache: Path | None, progress: "Progress") -> "Corpus":
    """The one data set that options name, with text features."""
    from models.text_encoder import load_text_encoder  # noqa: PLC0415 - keeps `--help` fast
    from models.training.featurise import featuriser  # noqa: PLC0415
    from models.training.sources import read_source  # noqa: PLC0415
    from stream_app.cli.labelled_data import named_source  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    source = named_source(data)
    settings = Settings()
    folder = settings.data_dir / "text-features" if cache is None else cache
    folder.mkdir(parents=True, exist_ok=True)
    featurise = featuriser(folder, progress, lambda: load_text_encoder(settings.model))
    return featurise(read_source(source))
