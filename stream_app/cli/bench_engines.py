"""`voxpop bench engine|candidates|encoder|windows`: the model alone, without a worker."""

from typing import Annotated

import typer

from stream_app.cli.examples import examples
from stream_app.cli.measurement import Json, Runs, Texts, lines, measuring, tell

ENGINE_EXAMPLES = examples("voxpop bench engine --posts 512 --runs 3 --json engine.json")


def engine(
    posts: Annotated[int, typer.Option(min=1, help="Posts scored in a run.")] = 2048,
    runs: Runs = 5,
    json: Json = None,
) -> None:
    """Measure engines alone: whole windows scored again, and one step a post in each arithmetic."""
    from benchmarks import engine as benchmark  # noqa: PLC0415 - keeps `--help` fast

    with measuring(json) as progress:
        figures = benchmark.run(posts, runs, progress)
    tell(figures, json)


CANDIDATES_EXAMPLES = examples("voxpop bench candidates --json candidates.json")


def candidates(
    posts: Annotated[int, typer.Option(min=256, help="Posts scored in a run.")] = 2048,
    runs: Runs = 5,
    json: Json = None,
) -> None:
    """Measure what was considered for the engine on a CPU beside what was chosen."""
    from benchmarks import candidates as benchmark  # noqa: PLC0415 - keeps `--help` fast

    with measuring(json) as progress:
        figures = benchmark.run(posts, runs, progress)
    tell(figures, json)


ENCODER_EXAMPLES = examples("voxpop bench encoder --texts texts.txt")


def encoder(
    posts: Annotated[int, typer.Option(min=1, help="Texts encoded in a run.")] = 4096,
    runs: Runs = 5,
    texts: Texts = None,
    json: Json = None,
) -> None:
    """Measure texts to features: the checkpoint's encoder beside the published one."""
    from benchmarks import encoder as benchmark  # noqa: PLC0415 - keeps `--help` fast

    with measuring(json) as progress:
        figures = benchmark.run(posts, runs, progress, lines(texts))
    tell(figures, json)


WINDOWS_EXAMPLES = examples("voxpop bench windows --posts 512")


def windows(
    posts: Annotated[int, typer.Option(min=64, help="Posts scored in a run.")] = 2048,
    runs: Runs = 5,
    json: Json = None,
) -> None:
    """Measure what the length of windows costs: speed, memory of a state, memory in Redis."""
    from benchmarks import window_lengths as benchmark  # noqa: PLC0415 - keeps `--help` fast

    with measuring(json) as progress:
        figures = benchmark.run(posts, runs, progress)
    tell(figures, json)
