"""`voxpop verify`: recounts Redis from `predictions` and prints any difference."""

from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.examples import examples

if TYPE_CHECKING:
    from connectors.trends.verify import Verification

MOST_SHOWN = 50


EXAMPLES = examples("voxpop verify", "voxpop verify --start 2026-01-01 --end 2026-01-02 --json")


def verify(
    start: Annotated[
        str | None,
        typer.Option(help="Only buckets that begin here or later, Unix seconds or ISO 8601."),
    ] = None,
    end: Annotated[str | None, typer.Option(help="Only buckets that end here or before.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count all predictions again and compare; exit code 1 where Redis differs.

    Workers may go on counting meanwhile. Once the oldest predictions are gone, only buckets are
    compared of which nothing can be missing, and it is said from when on; exit code 1 also where
    there are none, or not all from `--start` on.
    """
    from connectors.trends.predictions import VerificationError  # noqa: PLC0415
    from connectors.trends.timespan import parse_moment  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415

    try:
        bounds = [None if text is None else parse_moment(text) for text in (start, end)]
    except ValueError as error:
        raise CliError(str(error), exit_code=2) from error
    try:
        found = run_with_kafka(_verify(*bounds))
    except VerificationError as error:
        raise CliError(str(error)) from error
    if as_json:
        import orjson  # noqa: PLC0415

        typer.echo(orjson.dumps(found))
    else:
        _print(found)
    if found.differing:
        raise typer.Exit(1)


async def _verify(start: float | None, end: float | None) -> "Verification":
    from connectors.trends.layout import TrendLayout  # noqa: PLC0415 - keeps `--help` fast
    from connectors.trends.verify import verify as recount  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    async with settings.redis_connection().open() as client:
        layout = TrendLayout(settings.namespace())
        return await recount(settings.predictions(), client, layout, start=start, end=end)


def _print(found: "Verification") -> None:
    from rich.console import Console  # noqa: PLC0415 - keeps `--help` fast
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from stream_app.cli.trends_table import moment  # noqa: PLC0415

    console = Console()
    scope = (
        f"{found.predictions:,} predictions of {found.posts:,} posts, "
        f"{found.buckets:,} buckets of {found.tracks:,} tracks"
    )
    if found.differing:
        table = Table(
            "track", "resolution", "bucket start, UTC", "count", "expected", "found", "by"
        )
        for item in found.differences[:MOST_SHOWN]:
            table.add_row(
                Text(item.track),
                item.resolution,
                moment(item.bucket_start),
                Text(item.field),
                str(item.expected),
                str(item.found),
                f"{item.found - item.expected:+}",
            )
        console.print(table)
        console.print(f"{found.differing:,} counts differ: {scope}", style="red")
    else:
        console.print(f"no difference: {scope}", style="green")
    if found.since is not None:
        console.print(
            f"older predictions are gone: only buckets from {moment(int(found.since))} UTC on "
            "were compared"
        )
    if found.unread:
        console.print(f"{found.unread:,} buckets were made meanwhile and not compared")
