"""`python -m benchmarks.affinity`: does it help to keep worker and model on a core of its own each?

Backlogs as `pipeline` counts them, with `VOXPOP_AFFINITY` free and apart in turn, and how long
posts wait with either at the same posts/s.
"""

import argparse
from pathlib import Path
from typing import Final

from benchmarks import pipeline
from benchmarks.pipeline_figures import Figures, percentiles
from stream_app.affinity import allowed_cores, two_cores
from stream_app.cli.json_file import write_json
from stream_app.cli.progress import drawn_progress

POSTS: Final = 24_000
SECONDS: Final = 8.0
RATES: Final = (1500.0, 2300.0)


def main() -> None:
    """Print the figures, and write them where `--json` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4, help="of each")
    parser.add_argument(
        "--rates",
        type=float,
        nargs="+",
        default=RATES,
        help="posts a second at which it is measured how long they wait",
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    if two_cores(allowed_cores()) is None:
        parser.error("there are no two cores here that threads can be kept on")
    figures: list[tuple[str, Figures]] = []
    for number in range(arguments.runs):
        for affinity in ("free", "apart") if number % 2 else ("apart", "free"):
            with drawn_progress() as progress:
                found = pipeline.run(
                    POSTS, 1, progress, SECONDS, given={"affinity": affinity}, rates=arguments.rates
                )
            figures.append((affinity, found))
            for run in found.runs:
                waited = ", ".join(
                    f"{percentiles(own.latency)} at {load}" for load, own in run.paced.items()
                )
                print(
                    f"{affinity:8}{run.workers} workers {run.pipeline:8,.0f} posts/s, "
                    f"{run.beside_producer:8,.0f} beside the producer, ratio {run.ratio:.2f}, "
                    f"{sum(run.cpu_ms.values()):.3f} ms of a core a post, p50/p95/p99 ms {waited}",
                    flush=True,
                )
            if arguments.json:
                write_json(arguments.json, figures)


if __name__ == "__main__":
    main()
