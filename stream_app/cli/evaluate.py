"""`voxpop evaluate`: how good a checkpoint is on labelled data, as a table and a report."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples


class Split(StrEnum):
    """Parts of the data that nothing was trained on."""

    DEV = "dev"
    TEST = "test"


class Device(StrEnum):
    """Where the checkpoint scores."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


EXAMPLES = examples(
    "voxpop evaluate --data meld=MELD --out report",
    "voxpop evaluate run --data goemotions=GOEMOTIONS --split dev --out report",
)


def evaluate(
    checkpoint: Annotated[
        Path | None, typer.Argument(help="Folder; without one, the shipped checkpoint.")
    ] = None,
    *,
    data: Annotated[
        list[str],
        typer.Option(
            help="NAME=PATH, and NAME.features=PATH of its npz; NAME is meld, meld_official, "
            "goemotions, csmv or mosi. Several are judged one after the other.",
            metavar="NAME=PATH",
        ),
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for report and plots.")],
    split: Annotated[Split, typer.Option(help="Which part of the data.")] = Split.TEST,
    json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
    device: Annotated[Device, typer.Option(help="Where the checkpoint scores.")] = Device.AUTO,
    cache: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep text features here; else in the data folder."),
    ] = None,
) -> None:
    """Judge a checkpoint: F1, confusion, calibration, by position, with each modality removed.

    Writes report.json, report.md and the plots that it shows.
    """
    from rich.console import Console  # noqa: PLC0415 - keeps `--help` fast

    from models.card import shipped_checkpoint  # noqa: PLC0415
    from models.errors import ModelError  # noqa: PLC0415
    from models.evaluation.checkpoint import evaluate_checkpoint  # noqa: PLC0415
    from models.evaluation.page import PAGE_FILE, write_report  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.evaluation_table import evaluation_tables  # noqa: PLC0415
    from stream_app.cli.json_file import require_place  # noqa: PLC0415
    from stream_app.cli.labelled_data import named_sources  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    require_place(json)
    sources = named_sources(data)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with drawn_progress() as progress:
            report = evaluate_checkpoint(
                checkpoint or shipped_checkpoint(),
                sources,
                split.value,
                device.value,
                cache or Settings().data_dir / "text-features",
                progress,
            )
        write_report(report, out)
        if json is not None:
            json.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except (ModelError, OSError) as error:
        raise CliError(str(error)) from error
    console = Console()
    for table in evaluation_tables(report):
        console.print(table)
    console.print(f"{out / PAGE_FILE}: the whole report, with plots", highlight=False)
