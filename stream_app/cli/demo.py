"""`voxpop demo`: the whole pipeline live, on servers of its own or on existing ones."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples

EXAMPLES = examples("voxpop demo", "voxpop demo --seconds 120 --rate 20 --json demo.json")


def demo(
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="End after as many seconds; until Ctrl-C without it."),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Posts a second.")] = 50.0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures of the run to this file.")
    ] = None,
) -> None:
    """Play a simulated scenario through Kafka, a Faust worker, the model and Redis, live.

    Starts servers of its own, or uses those of VOXPOP_KAFKA and VOXPOP_REDIS under a topic prefix
    of its own. Ctrl-C ends the playing, counts what was played, and leaves nothing behind; a
    second Ctrl-C ends at once. Exit code 1 when a post was lost or counted twice.
    """
    from stream_app.cli.json_file import require_place, write_json  # noqa: PLC0415 - fast `--help`
    from stream_app.demo.command import run_demo  # noqa: PLC0415
    from stream_app.demo.run import RunOptions  # noqa: PLC0415

    require_place(json_file)
    report = run_demo(RunOptions(seconds=seconds, rate=rate))
    if json_file is not None:
        write_json(json_file, report.as_json())
    for line in report.lines():
        typer.echo(line)
    if not report.is_clean:
        raise typer.Exit(1)
