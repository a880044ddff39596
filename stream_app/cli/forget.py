"""`voxpop forget`: removes example posts and their texts, by post or by author."""

from typing import Annotated

import typer

from stream_app.cli.examples import examples

EXAMPLES = examples("voxpop forget --post p1", "voxpop forget --author did:plc:abc")


def forget(
    post: Annotated[str | None, typer.Option(help="Id of a post.")] = None,
    author: Annotated[
        str | None, typer.Option(help="Id of an author, as producers send it.")
    ] = None,
) -> None:
    """Remove example posts and their texts from Redis, in every track; counts stay as they are.

    Kafka keeps posts and predictions until their topics' retention: an author there is a hash in
    predictions, and the id that producers sent in posts.
    """
    import asyncio  # noqa: PLC0415 - keeps `--help` fast

    from stream_app.cli.errors import CliError  # noqa: PLC0415

    if (post is None) == (author is None):
        raise CliError("give either --post or --author", exit_code=2)
    removed = asyncio.run(_forget(post, author))
    typer.echo(f"removed {removed} example posts, each with its text where one was kept")


async def _forget(post: str | None, author: str | None) -> int:
    from functools import partial  # noqa: PLC0415 - keeps `--help` fast

    from connectors.exemplars.store import ExemplarStore  # noqa: PLC0415
    from connectors.trends.layout import TrendLayout  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    author_hash = settings.authors().hashed(author)
    if author is not None and author_hash is None:
        raise CliError("no author is known without VOXPOP_AUTHOR_SALT: set it as the workers do")
    async with settings.redis_connection().open() as client:
        store = ExemplarStore(client, TrendLayout(settings.namespace()))
        with drawn_progress() as progress:
            told = partial(progress, "tracks")
            if author_hash is not None:
                return await store.forget_authors({author_hash}, told)
            return await store.forget_posts({str(post)}, told)
