"""The work of `voxpop ingest`: a source, its cursor file and `posts.raw`, until a signal.

Not for the options of each source: those are `ingest`.
"""

import asyncio
import logging
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.logging import RichHandler

from connectors.exemplars.store import ExemplarStore
from connectors.kafka.topics import RAW_POSTS
from connectors.schemas.codec import first_fault
from connectors.schemas.post import Track
from connectors.sources.cursor_file import CursorFile
from connectors.sources.exemplar_forgetter import ExemplarForgetter
from connectors.sources.figures import Figures
from connectors.sources.ingest import Ingest
from connectors.sources.items import Source
from connectors.sources.raw_topic import RawTopic
from connectors.sources.selection import Selection
from connectors.tracks.errors import QueryError, TracksError
from connectors.tracks.watched import WatchedTracks
from connectors.trends.layout import TrendLayout
from stream_app.cli.errors import CliError
from stream_app.cli.ingest_view import IngestView
from stream_app.logs import stderr_handler
from stream_app.settings import Settings

USAGE: Final = 2
_TRACKS: Final = TypeAdapter[list[str]](list[Track])


@dataclass(frozen=True, slots=True)
class Wish:
    """What every source is asked for.

    Attributes:
        queries: one of them must hold of a post; none takes all.
        tracks: of each post.
        places: where the source reads, such as the URLs of feeds.
        cursor: where the cursor is kept; None: in the data folder, by what is asked for.
    """

    queries: Sequence[str]
    tracks: Sequence[str]
    places: Sequence[str]
    cursor: Path | None

    def selection(self, settings: Settings, *, brings_tracks: bool) -> Selection:
        """Which posts are taken.

        Args:
            settings: name the file of rules.
            brings_tracks: posts of the source may be in tracks already.

        Raises:
            CliError: a query or the rules have a fault, or no post could be in a track.
        """
        if not (self.tracks or settings.tracks or brings_tracks):
            raise CliError("no post would be in a track: give --track, or set VOXPOP_TRACKS", USAGE)
        try:
            rules = None if settings.tracks is None else WatchedTracks(settings.tracks)
            _TRACKS.validate_python(list(self.tracks))
            return Selection(self.queries, self.tracks, rules)
        except ValidationError as error:
            raise CliError(f"--track: {first_fault(error)}", USAGE) from error
        except QueryError as error:
            raise CliError(
                f"--query: {error} (at character {error.position + 1})", USAGE
            ) from error
        except TracksError as error:
            raise CliError(str(error)) from error

    def name(self, source: Source, settings: Settings) -> str:
        """Names this ingest among others, the same each time it is asked for."""
        where = (settings.topic_prefix, source.name, *sorted(self.places), self.cursor)
        asked = (where, tuple(self.queries), tuple(self.tracks))
        digest = blake2b(repr(asked).encode(), digest_size=5).hexdigest()
        return f"{source.name.partition(':')[0]}-{digest}"


async def run_ingest(
    source: Source, wish: Wish, settings: Settings, *, brings_tracks: bool = False
) -> None:
    """Ingest until the source ends or SIGINT or SIGTERM comes, and say how it went.

    Raises:
        CliError: as `Wish.selection`.
        SourceError, KafkaConnectorError, redis.exceptions.RedisError: see `Ingest.run`.
    """
    selection = wish.selection(settings, brings_tracks=brings_tracks)
    name = wish.name(source, settings)
    path = wish.cursor or settings.data_dir / "cursors" / f"{name}.json"
    console = Console(stderr=True)
    words = RichHandler(console=console, show_path=False)
    logging.basicConfig(
        level=logging.WARNING,
        format="%(message)s",
        handlers=[words if console.is_terminal else stderr_handler()],
    )
    figures = Figures()
    view = IngestView(source.name, figures, console)
    topic = RawTopic(
        settings.kafka_connection(), settings.topic(RAW_POSTS), name, settings.post_max_bytes
    )
    with CursorFile(path, source.name) as cursor_file:
        async with topic, settings.redis_connection().open() as client:
            store = ExemplarStore(client, TrendLayout(settings.namespace()))
            forgetter = ExemplarForgetter(store, settings.authors())
            ingest = Ingest(source, topic, selection, cursor_file, forgetter, figures)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, ingest.stop)
            console.print(f"cursor: {path}", highlight=False, markup=False, soft_wrap=True)
            showing = asyncio.create_task(view.show())
            try:
                await ingest.run()
            finally:
                showing.cancel()
                await asyncio.gather(showing, return_exceptions=True)
                view.tell()
