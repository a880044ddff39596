"""`voxpop teach`: a large encoder's logits, for a small one to learn from."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples

EXAMPLES = examples("voxpop teach teacher --data meld=MELD --out logits.npz")


def teach(
    teacher: Annotated[
        Path, typer.Argument(help="Folder of a run with tuning.network = false, as meld-large.")
    ],
    *,
    data: Annotated[
        list[str],
        typer.Option(
            help="NAME=PATH; NAME is meld, meld_official, goemotions, csmv or mosi.",
            metavar="NAME=PATH",
        ),
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, help="File to write, .npz.")],
) -> None:
    """Write what a teacher says of the posts of train and dev; `tuning.teachers` names the file."""
    from models.errors import ModelError  # noqa: PLC0415 - keeps `--help` fast
    from models.tuning.teaching import write_teacher  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.labelled_data import named_sources  # noqa: PLC0415

    try:
        posts = write_teacher(teacher, named_sources(data), out)
    except (ModelError, OSError) as error:
        raise CliError(str(error)) from error
    typer.echo(f"{out}: logits for {posts:,} posts")
