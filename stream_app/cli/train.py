"""`voxpop train`: a checkpoint from MELD."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Preset(StrEnum):
    """Presets that read the features which the shipped extractors give."""

    DEFAULT = "default"
    STREAM = "stream"


def train(
    *,
    meld_csv: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="MELD's utterances with labels.")
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the checkpoint.")],
    meld_audio: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="npz with `audio8`.")
    ] = None,
    preset: Annotated[Preset, typer.Option(help="Sizes and form of the network.")] = Preset.STREAM,
    seed: Annotated[int, typer.Option(help="Seed of weights, order and dropout.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Most passes over the data.")] = 20,
    learning_rate: Annotated[float, typer.Option(min=1e-6, max=1.0, help="Of Adam.")] = 1e-3,
    class_weights: Annotated[
        bool, typer.Option("--class-weights", help="Weigh rare classes up.")
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep text features here; else in the data folder."),
    ] = None,
) -> None:
    """Train the network on MELD and write the best epoch by the validation split."""
    from rich.console import Console  # noqa: PLC0415 - keeps `--help` fast
    from rich.progress import Progress  # noqa: PLC0415

    from models.errors import ModelError  # noqa: PLC0415
    from models.text_encoder import TextEncoder  # noqa: PLC0415
    from models.training.loop import EpochReport  # noqa: PLC0415
    from models.training.meld import read_meld  # noqa: PLC0415
    from models.training.run import train_checkpoint  # noqa: PLC0415
    from models.training.settings import TrainingSettings  # noqa: PLC0415
    from models.training.text_features import TextFeatures  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = TrainingSettings.model_validate(
        {
            "preset": preset.value,
            "seed": seed,
            "epochs": epochs,
            "learning_rate": learning_rate,
            "class_weights": class_weights,
        }
    )
    folder = cache or Settings().data_dir / "text-features"
    with Progress(console=Console(stderr=True)) as progress:
        texts = progress.add_task("text features", total=None)
        passes = progress.add_task("epochs", total=epochs)

        def encoded(done: int, total: int) -> None:
            progress.update(texts, completed=done, total=total)

        def trained(report: EpochReport) -> None:
            progress.update(passes, completed=report.epoch)
            mark = ", best so far" if report.best else ""
            progress.console.print(
                f"epoch {report.epoch}: loss {report.loss:.3f}, "
                f"validation weighted F1 {report.validation:.4f}{mark}"
            )

        try:
            corpus = read_meld(meld_csv, meld_audio, TextFeatures(TextEncoder, folder, encoded))
            card = train_checkpoint(corpus, settings, out, trained)
        except (ModelError, OSError) as error:
            raise CliError(str(error)) from error
    typer.echo(f"{out}: {card.model_version}, {card.parameters:,} parameters")
    for split, tasks in card.metrics.items():
        told = ", ".join(f"{task} {own['weighted_f1']:.4f}" for task, own in tasks.items())
        typer.echo(f"{split}: weighted F1 {told}")
