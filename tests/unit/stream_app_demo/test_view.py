"""What is drawn of a moment of a run."""

from rich.console import Console

from connectors.trends.layout import POSTS, SENTIMENT, Bucket
from connectors.trends.series import TrendSeries, assemble
from stream_app.demo.phrases import SWINGING
from stream_app.demo.state import Moment, ScoredLine
from stream_app.demo.view import BAR_CELLS, line, net_sentiment, screen, sentiment_bar, sparkline


def series(*moods: tuple[int, int, int]) -> TrendSeries:
    """Buckets with so many negative, neutral and positive posts."""
    wanted = [Bucket("10s", 10 * at) for at in range(len(moods))]
    labels = ("negative", "neutral", "positive")
    found: list[dict[bytes | str, bytes | str]] = []
    for mood in moods:
        fields: dict[bytes | str, bytes | str] = {POSTS: str(sum(mood))}
        for label, count in zip(labels, mood, strict=True):
            fields[SENTIMENT + label] = str(count)
        found.append(fields)
    return assemble(SWINGING, 10 * len(moods), wanted, found)


def moment(trend: TrendSeries) -> Moment:
    return Moment(
        elapsed_s=12.0,
        sent=100,
        broken=2,
        scored=97,
        visible=96,
        posts_per_s=8.5,
        lag={0: 1, 1: 1},
        rejected={"bad_tensor": 2},
        latency_ms={"p50": 40.0, "p95": 80.0, "p99": 120.0},
        recent=[ScoredLine("reddit", SWINGING, "The night train!", "positive", "happy")],
        trends=[trend],
        swung=True,
        alerts=["Negative posts on northline-trains rose to 71 %."],
        dashboard="http://127.0.0.1:8420",
        worker_pid=1234,
        worker_restarts=1,
    )


def test_a_swing_shows_as_a_falling_line() -> None:
    assert sparkline(series((0, 0, 9), (5, 0, 5), (9, 0, 0))).plain == "█▅▁"


def test_a_bar_divides_its_cells_by_the_shares() -> None:
    bar = sentiment_bar(series((6, 6, 12)).buckets)
    assert len(bar.plain) == BAR_CELLS
    assert [span.end - span.start for span in bar.spans] == [6, 6, 12]


def test_no_posts_are_no_opinion() -> None:
    assert net_sentiment([]) == 0.0
    assert sentiment_bar([]).plain == ""


def test_the_picture_fits_a_terminal_of_24_lines_and_names_what_it_shows() -> None:
    console = Console(width=120, record=True, file=None)
    with console.capture() as capture:
        console.print(screen(moment(series(*[(3, 1, 6)] * 6))))
    drawn = capture.get()
    for part in ("100", "8.5", "40/80/120", "bad_tensor 2", "pid 1234", SWINGING, "night train"):
        assert part in drawn
    assert drawn.count("\n") < 24


def test_a_line_says_the_same_where_there_is_no_terminal() -> None:
    said = line(moment(series((0, 0, 4))))
    assert "100 sent, 96 counted" in said
    assert f"{SWINGING} +1.00" in said
