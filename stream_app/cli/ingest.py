"""`voxpop ingest`: posts of a platform, of feeds or of a file into `posts.raw`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.examples import examples

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


@app.command(epilog=examples("voxpop ingest bluesky --query 'acme OR #acme' --track acme"))
def bluesky(query: Query = None, track: Track = None, cursor: CursorPath = None) -> None:
    """Posts of all of Bluesky as they are written. Needs no account."""
    from connectors.sources.bluesky import BlueskySource  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.settings import Settings  # noqa: PLC0415

    _run(BlueskySource(Settings().bluesky_jetstream), query, track, cursor)


@app.command(
    epilog=examples("voxpop ingest mastodon --server https://mastodon.social --hashtag acme")
)
def mastodon(
    server: Annotated[str, typer.Option(help="URL of a server, https://mastodon.social.")],
    hashtag: Annotated[
        str | None, typer.Option(help="Only posts with it; else the public timeline.")
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Only of people on this server.")] = False,
    query: Query = None,
    track: Track = None,
    cursor: CursorPath = None,
) -> None:
    """Public posts that a Mastodon server knows. Needs VOXPOP_MASTODON_TOKEN on most servers."""
    from connectors.sources.mastodon import MastodonSource  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.settings import Settings  # noqa: PLC0415

    token = Settings().mastodon_token
    secret = token.get_secret_value() if token else None
    source = MastodonSource(server, secret, hashtag, local=local)
    _run(source, query, track, cursor, places=[hashtag or "", str(local)])


@app.command(epilog=examples("voxpop ingest reddit --subreddit acme --subreddit gadgets"))
def reddit(
    subreddit: Annotated[list[str], typer.Option(help="Its name; repeat it for more.")],
    query: Query = None,
    track: Track = None,
    cursor: CursorPath = None,
) -> None:
    """New comments and submissions of subreddits. Needs VOXPOP_REDDIT_… of an application."""
    from connectors.sources.reddit import RedditApp, RedditSource  # noqa: PLC0415 - fast `--help`
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    own = Settings()
    client_id, secret, agent = (
        own.reddit_client_id,
        own.reddit_client_secret,
        own.reddit_user_agent,
    )
    if client_id is None or secret is None or agent is None:
        raise CliError(
            "Reddit asks for an application: set VOXPOP_REDDIT_CLIENT_ID, "
            "VOXPOP_REDDIT_CLIENT_SECRET and VOXPOP_REDDIT_USER_AGENT; docs/sources.md says how",
            2,
        )
    app = RedditApp(client_id, secret.get_secret_value(), agent)
    _run(RedditSource(subreddit, app), query, track, cursor, places=subreddit)


@app.command(
    epilog=examples(
        "voxpop ingest youtube --video dQw4w9WgXcQ --track acme",
        "voxpop ingest youtube --channel UCxxxxxxxxxxxxxxxxxxxxxx --daily-units 5000",
    )
)
def youtube(
    video: Annotated[list[str] | None, typer.Option(help="Its id; repeat it for more.")] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="All videos of a channel, by its id, UC….")
    ] = None,
    daily_units: Annotated[
        int, typer.Option(min=1, help="Units that the project may use a day.")
    ] = 10_000,
    query: Query = None,
    track: Track = None,
    cursor: CursorPath = None,
) -> None:
    """Comments on videos, and their replies. Needs VOXPOP_YOUTUBE_API_KEY."""
    from connectors.sources.youtube import YouTubeSource  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    key = Settings().youtube_api_key
    if key is None:
        raise CliError("YouTube asks for a key: set VOXPOP_YOUTUBE_API_KEY; docs/sources.md", 2)
    videos, channels = video or [], channel or []
    if not (videos or channels):
        raise CliError("name --video or --channel", 2)
    source = YouTubeSource(videos, channels, key.get_secret_value(), daily_units=daily_units)
    _run(source, query, track, cursor, places=[*videos, *channels])


@app.command(epilog=examples("voxpop ingest rss --feed https://example.org/feed.xml --every 600"))
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


@app.command(
    epilog=examples(
        "voxpop ingest file posts.csv --column text=body --platform forum",
        "voxpop ingest file posts.parquet --track acme",
    )
)
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
