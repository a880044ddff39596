"""`voxpop rebuild`: makes the trends in Redis again from `predictions`, while workers run."""

from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.examples import examples

if TYPE_CHECKING:
    from connectors.trends.rebuild import Rebuilt, Scope

MOST_SHOWN = 50


EXAMPLES = examples("voxpop rebuild", "voxpop rebuild --start 2026-01-01T00:00:00Z --lower")


def rebuild(
    start: Annotated[
        str | None,
        typer.Option(help="Only buckets that begin here or later, Unix seconds or ISO 8601."),
    ] = None,
    end: Annotated[str | None, typer.Option(help="Only buckets that end here or before.")] = None,
    lower: Annotated[
        bool,
        typer.Option(
            "--lower", help="Also take away posts that Redis has and `predictions` does not."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count all predictions again and put right what Redis lost; exact when it is done.

    Workers may go on counting meanwhile. Exit code 1 where Redis has more posts than predictions
    and was left so.
    """
    from connectors.trends.predictions import VerificationError  # noqa: PLC0415 - fast `--help`
    from connectors.trends.rebuild import RebuildError, Scope  # noqa: PLC0415
    from connectors.trends.timespan import parse_moment  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415

    try:
        first, last = (None if text is None else parse_moment(text) for text in (start, end))
    except ValueError as error:
        raise CliError(str(error), exit_code=2) from error
    try:
        done = run_with_kafka(_rebuild(Scope(first, last, lower)))
    except (RebuildError, VerificationError) as error:
        raise CliError(str(error)) from error
    if as_json:
        import orjson  # noqa: PLC0415

        typer.echo(orjson.dumps(done))
    else:
        _print(done)
    if done.surplus:
        raise typer.Exit(1)


async def _rebuild(scope: "Scope") -> "Rebuilt":
    from connectors.trends.layout import TrendLayout  # noqa: PLC0415 - keeps `--help` fast
    from connectors.trends.rebuild import rebuild as make_again  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    async with settings.redis_connection().open() as client:
        layout = TrendLayout(settings.namespace())
        return await make_again(settings.predictions(), client, layout, scope)


def _print(done: "Rebuilt") -> None:
    from rich.console import Console  # noqa: PLC0415 - keeps `--help` fast
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from stream_app.cli.trends_table import moment  # noqa: PLC0415

    console = Console(highlight=False)
    console.print(
        f"{done.predictions:,} predictions of {done.posts:,} posts counted again: "
        f"{done.buckets:,} buckets of {done.tracks:,} tracks put right, "
        f"{done.added:,} posts added and {done.removed:,} taken away in them",
        style="green",
    )
    if not done.surplus:
        return
    table = Table("track", "resolution", "bucket start, UTC", "count", "expected", "found")
    for item in done.surplus[:MOST_SHOWN]:
        table.add_row(
            Text(item.track),
            item.resolution,
            moment(item.bucket_start),
            item.field,
            f"{item.expected:,}",
            f"{item.found:,}",
        )
    console.print(table)
    console.print(
        f"{len(done.surplus):,} counts are higher than `predictions` says and were left so. "
        "If the topic is whole (it was never made again or cut), repeat with --lower.",
        style="red",
    )
