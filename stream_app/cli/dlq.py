"""`voxpop dlq`: rejected posts, what was wrong with each, and sending them again."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Rejected posts: list them, show one, replay.", no_args_is_help=True)

Place = Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` names it.")]


@app.command("list")
def list_(
    reason: Annotated[str | None, typer.Option(help="Only those with this reason.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the newest; the table shows 100 by itself.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List dead letters, oldest first."""
    from stream_app.cli import dead_letter_view as view  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.dead_letter_work import selected  # noqa: PLC0415
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415

    letters = run_with_kafka(selected(reason))
    if as_json:
        typer.echo(view.as_json(letters[-limit:] if limit else letters))
    else:
        view.print_table(letters, limit or 100)


@app.command()
def show(
    place: Place,
    value_only: Annotated[
        bool, typer.Option("--value", help="Print just the value, byte by byte, to mend it.")
    ] = False,
) -> None:
    """Show one dead letter whole."""
    import sys  # noqa: PLC0415 - keeps `--help` fast

    from stream_app.cli import dead_letter_view as view  # noqa: PLC0415
    from stream_app.cli.dead_letter_work import at_places, parsed_place  # noqa: PLC0415
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415

    letter = run_with_kafka(at_places([parsed_place(place)]))[0]
    if value_only:
        sys.stdout.buffer.write(letter.value or b"")
    else:
        view.print_letter(letter)


@app.command()
def replay(
    places: Annotated[
        list[str] | None, typer.Argument(metavar="PARTITION:OFFSET...", help="Which to send.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Send all with this reason.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Send all.")] = False,
    mend: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A file with the value to send in its place."
        ),
    ] = None,
) -> None:
    """Send dead letters again to `posts` or `posts.raw`, as they came; they stay in `posts.dlq`.

    One that is still invalid comes back as a new dead letter.
    """
    from stream_app.cli.dead_letter_work import parsed_place, sent_again  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415

    if (bool(places), reason is not None, everything).count(True) != 1:
        raise CliError("name the dead letters, or give --reason, or --all; one of these", 2)
    if mend is not None and len(places or ()) != 1:
        raise CliError("--mend goes with the one dead letter that it mends", 2)
    lines = run_with_kafka(
        sent_again(
            [parsed_place(place) for place in places] if places else None,
            reason,
            mend.read_bytes() if mend is not None else None,
        )
    )
    for line in lines:
        typer.echo(line)
    typer.echo(f"sent {len(lines):,} posts again")
