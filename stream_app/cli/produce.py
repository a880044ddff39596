"""`voxpop produce`: a JSONL file of posts into the `posts` topic."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples

EXAMPLES = examples(
    "voxpop produce posts.jsonl --rate 200", "voxpop produce posts.jsonl --rebase-to-now"
)


def produce(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="JSONL, one post a line."),
    ],
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Posts a second; without it, all speed.")
    ] = None,
    rebase_to_now: Annotated[
        bool,
        typer.Option("--rebase-to-now", help="Shift event times so that the last post is now."),
    ] = False,
) -> None:
    """Send posts: whole envelopes as they are, raw posts with features made of their text.

    A line that is no valid post is reported with its number and passed over; the exit code is
    then 1.
    """
    from stream_app.cli.errors import CliError  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.kafka_calls import run_with_kafka  # noqa: PLC0415
    from stream_app.cli.post_file import PostFile  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    sent, refused = run_with_kafka(
        PostFile(file, Settings(), rate=rate, rebase_to_now=rebase_to_now).send()
    )
    typer.echo(f"sent {sent:,} posts")
    if refused:
        raise CliError(f"{refused:,} lines of {file} were not sent; mend those reported above")
