"""`voxpop train`: a checkpoint from labelled data, as a configuration says."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.completions import training_presets
from stream_app.cli.examples import examples

DEFAULT_CONFIG = "meld-stream"
INTERRUPTED = 128  # beside the signal's number, as shells have it


EXAMPLES = examples(
    "voxpop train --config meld-stream --data meld=MELD --out run",
    "voxpop train --config shipped --data meld=MELD --set optimiser.batch=16 --out run",
    "voxpop train --resume --out run",
)


def train(
    *,
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for the checkpoint and the run's state.")
    ],
    config: Annotated[
        str | None,
        typer.Option(
            help="A TOML file, or one of shipped, meld-stream, meld-default, meld-large, paper, "
            f"multi, goemotions, csmv, mosi. [default: {DEFAULT_CONFIG}]",
            autocompletion=training_presets,
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="NAME=PATH of a source; NAME.features=PATH of its npz.", metavar="N=P"),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=VALUE, such as optimiser.batch=16.", metavar="K=V"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that the folder keeps.")
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep text features here; else in the data folder."),
    ] = None,
) -> None:
    """Train on labelled conversations and write the best epoch by the validation split.

    Ctrl-C ends a run so that `--resume` goes on with it. docs/training.md shows the whole way.
    """
    from models.errors import (  # noqa: PLC0415 - keeps `--help` fast
        ModelError,
        TrainingConfigError,
        TrainingInterruptedError,
    )
    from models.training.config_file import read_config  # noqa: PLC0415
    from models.training.featurise import configured_featuriser  # noqa: PLC0415
    from models.training.run import kept_config, run_training, state_path  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.training_view import TrainingView  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    folder = cache or Settings().data_dir / "text-features"
    try:
        if resume:
            _refuse_changes(config, data, change)
            chosen = kept_config(out)
        else:
            chosen = read_config(config or DEFAULT_CONFIG, data or (), change or ())
        view = TrainingView(out)
        try:
            with view:
                featurise = configured_featuriser(chosen, folder, view.show)
                trained = run_training(
                    chosen, out, featurise, folder, resume, view.observers, view.is_stopping
                )
        except TrainingInterruptedError as error:
            raise CliError(f"{error}; {_go_on(out)}", INTERRUPTED + view.signal) from error
        except KeyboardInterrupt as error:
            kept = _go_on(out) if state_path(out).is_file() else "nothing was trained yet"
            raise CliError(f"ended at once; {kept}", INTERRUPTED + view.signal) from error
    except TrainingConfigError as error:
        raise CliError(str(error), 2) from error
    except (ModelError, OSError) as error:
        raise CliError(str(error)) from error
    typer.echo(f"{out}: {trained.model_version}, {trained.parameters:,} parameters")
    for split, tasks in trained.metrics.items():
        told = ", ".join(f"{task} {own['weighted_f1']:.4f}" for task, own in tasks.items())
        if not told:
            told = "none, no post has a label"
        typer.echo(f"{split}: weighted F1 {told}")


def _go_on(out: Path) -> str:
    return f"go on with: voxpop train --resume --out {out}"


def _refuse_changes(config: str | None, data: list[str] | None, change: list[str] | None) -> None:
    from stream_app.cli.errors import CliError  # noqa: PLC0415

    if config or data or change:
        raise CliError("--resume goes on as the run began: without --config, --data and --set", 2)
