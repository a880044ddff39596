"""`voxpop score`: a JSONL file of posts to a JSONL file of predictions, without Kafka."""

from pathlib import Path
from typing import Annotated

import typer

LINES_A_CHUNK = 256


def score(
    posts: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="JSONL, one post a line."),
    ],
    predictions: Annotated[Path, typer.Argument(dir_okay=False, help="JSONL, overwritten.")],
) -> None:
    """Score posts: raw ones, which need `text` alone, or whole envelopes.

    Writes a line for each line read, in the same order: a prediction, or an error at its place.
    Posts of one conversation are taken in the file's order. Exit code 1 when a line could not be
    scored.
    """
    import itertools  # noqa: PLC0415 - keeps `--help` fast

    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from models.errors import ModelError  # noqa: PLC0415
    from models.text_encoder import load_text_encoder  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.score_file import LineScorer  # noqa: PLC0415
    from stream_app.cli.score_lines import LineReader  # noqa: PLC0415
    from stream_app.core.halving import ModelBroken  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    if predictions.exists() and predictions.samefile(posts):
        raise CliError(f"{predictions} is the file that is read; name another to write to", 2)
    try:
        engine = settings.load_engine()
        encoder = load_text_encoder(settings.model)
        reader = LineReader(encoder, engine.feature_set, settings.post_max_bytes)
        scorer = LineScorer(engine, reader, posts.name, settings.window, settings.authors())
        with (
            posts.open("rb") as lines,
            predictions.open("wb") as out,
            Progress(console=Console(stderr=True)) as progress,
        ):
            bar = progress.add_task("bytes", total=posts.stat().st_size)
            while chunk := list(itertools.islice(lines, LINES_A_CHUNK)):
                out.writelines(answer + b"\n" for answer in scorer.score(chunk))
                progress.advance(bar, sum(map(len, chunk)))
    except (ModelError, ModelBroken, OSError) as error:
        raise CliError(str(error)) from error
    if scorer.failed:
        raise CliError(f"lines that could not be scored: {scorer.failed:,}; {predictions} says why")
