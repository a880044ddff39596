"""A track's trend as CSV: a line a bucket, for spreadsheets. Pure."""

import csv
import io
from datetime import UTC, datetime

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.trends.series import TrendSeries


def trend_csv(series: TrendSeries) -> bytes:
    """UTF-8 with a header line, lines ended as RFC 4180 has it."""
    text = io.StringIO()
    writer = csv.writer(text)
    shares = [f"{label}_{part}" for label in SENTIMENTS for part in ("share", "low", "high")]
    emotions = [f"emotion_{label}" for label in EMOTIONS]
    known = ["scored_posts", "effective_posts"]
    writer.writerow(["start", "start_unix", "posts", *SENTIMENTS, *shares, *emotions, *known])
    for bucket in series.buckets:
        found = [bucket.sentiment_shares[label] for label in SENTIMENTS]
        writer.writerow(
            [
                datetime.fromtimestamp(bucket.start, UTC).isoformat(),
                bucket.start,
                bucket.posts,
                *(bucket.sentiment[label] for label in SENTIMENTS),
                *(part for share in found for part in (share.share, share.low, share.high)),
                *(bucket.emotion[label] for label in EMOTIONS),
                bucket.scored_posts,
                bucket.effective_posts,
            ]
        )
    return text.getvalue().encode()
