"""`voxpop ingest`: posts of a platform, of feeds or of a file into `posts.raw`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from connectors.sources.items import Source

app = typer.Typer(
    help="Posts of a platform, of feeds or of a file into posts.raw; docs/sources.md tells all.",
    no_args_is_help=True,
)

Query = Annotated[
    list[str] | None,
    typer.Option(
        "--query",
        help='Only posts of which it holds, as in "acme OR #acme"; repeat it for others.',
    ),
]
Track = Annotated[
    list[str] | None,
    typer.Option("--track", help="Track of every post; repeat it for more."),
]
CursorPath = Annotated[
    Path | None,
    typer.Option(dir_okay=False, help="Where it goes on; else a file in the data folder."),
]


@app.command()
def bluesky(query: Query = None, track: Track = None, cursor: CursorPath = None) -> None:
    """Posts of all of Bluesky as they are written. Needs no account."""
    from connectors.sources.bluesky import BlueskySource  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.settings import Settings  # noqa: PLC0415

    _run(BlueskySource(Settings().bluesky_jetstream), query, track, cursor)


@app.command()
def rss(
    feed: Annotated[list[str], typer.Option(help="URL of a feed; repeat it for more.")],
    query: Query = None,
    track: Track = None,
    cursor: CursorPath = None,
    every: Annotated[
        float, typer.Option(min=10, help="Seconds between two looks at a feed.")
    ] = 300.0,
) -> None:
    """Entries of RSS and Atom feeds as they appear."""
    from connectors.sources.feeds import FeedSource  # noqa: PLC0415 - keeps `--help` fast

    _run(FeedSource(feed, poll_s=every), query, track, cursor, places=feed)


@app.command()
def file(
    path: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSONL, CSV, TSV or Parquet.")
    ],
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="FIELD=COLUMN, as in text=body; repeat it for others."),
    ] = None,
    platform: Annotated[str, typer.Option(help="Platform of rows that name none.")] = "file",
    query: Query = None,
    track: Track = None,
    cursor: CursorPath = None,
) -> None:
    """Rows of a file, once."""
    from connectors.sources.files import FileSource  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.errors import CliError  # noqa: PLC0415

    pairs = [pair.partition("=") for pair in column or ()]
    if any(not (field and name) for field, _, name in pairs):
        raise CliError("--column takes FIELD=COLUMN, as in --column text=body", 2)
    source = FileSource(path, {field: name for field, _, name in pairs}, platform)
    _run(source, query, track, cursor, brings_tracks=True)


def _run(
    source: "Source",
    queries: list[str] | None,
    tracks: list[str] | None,
    cursor: Path | None,
    *,
    places: Sequence[str] = (),
    brings_tracks: bool = False,
) -> None:
    from stream_app.cli.ingest_run import Wish, run_ingest  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    wish = Wish(queries or (), tracks or (), places, cursor)
    run_with_kafka(run_ingest(source, wish, Settings(), brings_tracks=brings_tracks))
