"""`voxpop explain`: why a post of a file was scored as it was."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples


class Task(StrEnum):
    """What the model tells of a post."""

    SENTIMENT = "sentiment"
    EMOTION = "emotion"


EXAMPLES = examples(
    "voxpop explain posts.jsonl", "voxpop explain posts.jsonl --post p1 --task emotion --json"
)


def explain(
    posts: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="JSONL, one post a line."),
    ],
    post: Annotated[str | None, typer.Option(help="Its post_id. Default: the last post.")] = None,
    task: Annotated[Task, typer.Option(help="Which of its labels.")] = Task.SENTIMENT,
    label: Annotated[str | None, typer.Option(help="Default: the most probable one.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show which modality, post and word carried a score.

    Takes the posts that `voxpop score` takes: raw ones, which need `text` alone, or whole
    envelopes, in the file's order. docs/explanations.md says what the figures mean.
    """
    import orjson  # noqa: PLC0415 - keeps `--help` fast
    from rich.console import Console  # noqa: PLC0415

    from models.errors import ModelError  # noqa: PLC0415
    from models.explanation.explainer import load_explainer  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.explain_file import find_post, read_window  # noqa: PLC0415
    from stream_app.cli.explain_view import print_explanation  # noqa: PLC0415
    from stream_app.cli.score_lines import LineReader  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    settings = Settings()
    try:
        place = find_post(posts, post)  # before the model, which takes seconds to load
        explainer = load_explainer(settings.model, settings.device)
        reader = LineReader(explainer.encoder, explainer.feature_set, settings.post_max_bytes)
        window = read_window(posts, reader, place, settings.window)
        found = explainer.explain(window, task.value, label)
    except (ModelError, OSError) as error:
        raise CliError(str(error)) from error
    if json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        print_explanation(found, window, Console(highlight=False))
