"""`voxpop bench`: how fast, true and fair it is on this machine; each command prints a table."""

from typing import Annotated

import typer

from stream_app.cli import bench_alerts, bench_capacity, bench_engines, bench_model, bench_truth
from stream_app.cli.examples import examples
from stream_app.cli.measurement import Json, Runs, Texts, lines, measuring, tell

app = typer.Typer(
    help="Speed, and whether explanations are true and scores fair.", no_args_is_help=True
)

app.command(epilog=bench_model.MODEL_EXAMPLES)(bench_model.model)
app.command(epilog=bench_alerts.ALERTS_EXAMPLES)(bench_alerts.alerts)
app.command(epilog=bench_alerts.RULES_EXAMPLES)(bench_alerts.rules)
app.command(epilog=bench_model.ACCELERATION_EXAMPLES)(bench_model.acceleration)
app.command(epilog=bench_capacity.CALIBRATE_EXAMPLES)(bench_capacity.calibrate)
app.command(epilog=bench_capacity.CAPACITY_EXAMPLES)(bench_capacity.capacity)
app.command(epilog=bench_engines.ENGINE_EXAMPLES)(bench_engines.engine)
app.command(epilog=bench_engines.CANDIDATES_EXAMPLES)(bench_engines.candidates)
app.command(epilog=bench_engines.ENCODER_EXAMPLES)(bench_engines.encoder)


@app.command(epilog=examples("voxpop bench pipeline --posts 2000 --runs 1 --seconds 5"))
def pipeline(
    posts: Annotated[int, typer.Option(min=20, help="Posts in the backlog.")] = 12000,
    runs: Runs = 3,
    seconds: Annotated[
        float, typer.Option(min=0.5, help="How long posts come at each steady rate, seconds.")
    ] = 15.0,
    json: Json = None,
) -> None:
    """Measure from Kafka through one and two workers into Redis, beside the model alone."""
    from benchmarks import pipeline as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from benchmarks.steady import BenchmarkStoppedError  # noqa: PLC0415

    with measuring(json, BenchmarkStoppedError) as progress:
        figures = benchmark.run(posts, runs, progress, seconds)
    tell(figures, json)


@app.command(epilog=examples("voxpop bench extraction --texts texts.txt --runs 1"))
def extraction(
    posts: Annotated[int, typer.Option(min=1000, help="Posts in the backlog.")] = 20000,
    runs: Runs = 3,
    texts: Texts = None,
    pictures_every: Annotated[
        int,
        typer.Option(
            min=0, help="One post in so many has a picture that comes after 2 s; 0: none."
        ),
    ] = 0,
    json: Json = None,
) -> None:
    """Measure from `posts.raw` through a worker that extracts into `posts`, by its texts."""
    from benchmarks import extraction as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from benchmarks.steady import BenchmarkStoppedError  # noqa: PLC0415

    with measuring(json, BenchmarkStoppedError) as progress:
        figures = benchmark.run(posts, runs, progress, lines(texts), pictures_every)
    tell(figures, json)


@app.command(epilog=examples("voxpop bench api --readers 100 --seconds 5 --tracks 200"))
def api(
    readers: Annotated[
        int, typer.Option(min=1, help="Readers at once, where there are many.")
    ] = 500,
    seconds: Annotated[
        float, typer.Option(min=1, help="How long each load lasts, seconds.")
    ] = 20.0,
    tracks: Annotated[
        list[int], typer.Option(min=1, help="Tracks of the overview; once for each size.")
    ] = [200, 500],  # noqa: B006 - Typer copies it
    json: Json = None,
) -> None:
    """Measure the HTTP API while posts are counted: one reader, many, and many followers."""
    from benchmarks import api as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from benchmarks.api_server import ServerFailedError  # noqa: PLC0415

    with measuring(json, ServerFailedError) as progress:
        figures = benchmark.run(readers, seconds, progress, tracks)
    tell(figures, json)


@app.command(epilog=examples("voxpop bench peers --posts 2000 --seconds 5 --json peers.json"))
def peers(
    posts: Annotated[int, typer.Option(min=400, help="Posts in the backlog.")] = 12000,
    conversations: Annotated[
        int | None,
        typer.Option(
            min=1, help="Conversations they belong to in turn; the scenario's short ones by itself."
        ),
    ] = None,
    runs: Runs = 3,
    seconds: Annotated[
        float,
        typer.Option(
            min=1, help="How long posts come at each steady rate, seconds; to twice that if slow."
        ),
    ] = 15.0,
    json: Json = None,
) -> None:
    """Measure other stream processors on the same posts, with plain scoring and with our engine.

    First posts/s of a backlog, then how long a post waits for its prediction while posts come at
    half of that; beside it, how long it waits in one worker of ours at the same posts/s.

    Installs Quix Streams, Bytewax and Spark on first use, into a folder of their own.
    """
    from benchmarks.peers import run as benchmark  # noqa: PLC0415 - keeps `--help` fast

    with measuring(json) as progress:
        figures = benchmark.run(posts, runs, progress, seconds, conversations=conversations)
    tell(figures, json)


@app.command(epilog=examples("voxpop bench growth --conversations 1000 --conversations 10000"))
def growth(
    conversations: Annotated[
        list[int] | None,
        typer.Option(min=64, help="How many; repeat it for more. Default: 1,000 to 1,000,000."),
    ] = None,
    posts_each: Annotated[int, typer.Option(min=1, max=24, help="Posts of each.")] = 8,
    crashes: Annotated[int, typer.Option(min=1, max=7, help="Crashes; the median is given.")] = 3,
    json: Json = None,
) -> None:
    """Measure memory a conversation, and how long a crashed worker is away among many of them."""
    from benchmarks import growth as benchmark  # noqa: PLC0415 - keeps `--help` fast

    chosen = conversations or benchmark.CONVERSATIONS
    with measuring(json) as progress:
        figures = benchmark.run(chosen, posts_each, crashes, progress)
    tell(figures, json)


@app.command(epilog=examples("voxpop bench reading --records 20000 --runs 1"))
def reading(
    records: Annotated[int, typer.Option(min=1000, help="Records in a topic.")] = 200_000,
    runs: Runs = 3,
    json: Json = None,
) -> None:
    """Measure what reading a record costs: bare aiokafka, Faust, and Faust as Voxpop runs it."""
    from benchmarks import reading as benchmark  # noqa: PLC0415 - keeps `--help` fast

    with measuring(json, benchmark.ReaderError) as progress:
        figures = benchmark.run(records, runs, progress)
    tell(figures, json)


app.command(epilog=bench_engines.WINDOWS_EXAMPLES)(bench_engines.windows)


@app.command(epilog=examples("voxpop bench soak --rate 200 --minutes 2 --json soak.json"))
def soak(
    rate: Annotated[float, typer.Option(min=1, help="Posts a second.")] = 500.0,
    minutes: Annotated[float, typer.Option(min=0.2, help="How long, minutes.")] = 15.0,
    json: Json = None,
) -> None:
    """Measure whether a worker's memory stays flat while conversations keep coming."""
    from benchmarks import soak as benchmark  # noqa: PLC0415 - keeps `--help` fast

    with measuring(json, benchmark.SoakError) as progress:
        figures = benchmark.run(rate, 60 * minutes, progress)
    tell(figures, json)


@app.command(epilog=examples("voxpop bench verify --predictions 20000 --runs 1"))
def verify(
    predictions: Annotated[int, typer.Option(min=100, help="Predictions in the topic.")] = 400000,
    runs: Runs = 3,
    json: Json = None,
) -> None:
    """Measure how fast `voxpop verify` counts predictions again."""
    from benchmarks import verify as benchmark  # noqa: PLC0415 - keeps `--help` fast

    with measuring(json, benchmark.CountsDifferError) as progress:
        figures = benchmark.run(predictions, runs, progress)
    tell(figures, json)


app.command(epilog=bench_truth.EXPLANATIONS_EXAMPLES)(bench_truth.explanations)
app.command(epilog=bench_truth.ACCURACY_EXAMPLES)(bench_truth.accuracy)
app.command(epilog=bench_truth.IDENTITIES_EXAMPLES)(bench_truth.identities)
