"""The plot of docs/scaling.md: what a rate needs, and what posts wait as a worker fills."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from stream_app.capacity.costs import Costs
from stream_app.capacity.curves import latency_by_load, needed


def draw(costs: Costs, path: Path) -> None:
    """Draw both panels into a PNG."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _needs(left, costs)
    _waits(right, costs)
    figure.savefig(path, dpi=110)


def _needs(axes: Axes, costs: Costs) -> None:
    sized = needed(costs)
    rates = [rate for rate, _ in sized]
    lines: dict[str, list[float]] = {
        "workers": [each.workers.count for _, each in sized],
        "cores in use": [each.workers.cores for _, each in sized],
        "shards of Redis": [each.redis.shards for _, each in sized],
        "Kafka's brokers": [each.kafka.brokers for _, each in sized],
    }
    for name, values in lines.items():
        axes.plot(rates, values, marker=".", label=name)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="posts/s",
        ylabel="how many",
        title="what is needed, on cores, windows kept for 0.05 days",
    )
    axes.grid(alpha=0.3, which="both")
    axes.legend()


def _waits(axes: Axes, costs: Costs) -> None:
    found = latency_by_load(costs)
    shares = [100 * each.filled for each in found]
    for rank in ("p50", "p95", "p99"):
        axes.plot(shares, [each.latency_ms[rank] or 0 for each in found], marker="o", label=rank)
    axes.set(
        xlabel="of one worker's limit, %",
        ylabel="ms from append to counted",
        title="what posts wait, simulated",
        ylim=(0, None),
    )
    axes.grid(alpha=0.3)
    axes.legend()
