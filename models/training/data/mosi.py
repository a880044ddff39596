"""CMU-MOSI: utterances of monologue videos with a sentiment score and features of their own."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from connectors.schemas.labels import SENTIMENTS
from models.training.corpus import NO_LABEL, Corpus, LabelledPost, Tensors
from models.training.data.arrays import read_arrays
from models.training.data.conversations import PlacedPost, by_conversation
from models.training.data.table import Row, read_csv, require_values

COLUMNS: Final = ("video_id", "clip_id", "bc_split", "transcript", "score")
WIDTHS: Final = {"text100": 100, "audio73": 73, "visual100": 100}
_DEV_SHARE: Final = 0.15


def read_mosi(csv_path: Path, features_path: Path) -> Corpus:
    """The corpus with its own features, one step an utterance and modality.

    The features' text part was trained on the training videos of `bc_split`, so no other split is
    honest. That one has no dev part: 15 % of its training videos become it, those whose names have
    the least hashes.

    Args:
        csv_path: columns video_id, clip_id, bc_split (train or test), transcript and score, in
            [-3, 3]: below 0 negative, 0 neutral, above 0 positive.
        features_path: npz with text100, audio73 and visual100, [rows, 100], [rows, 73] and
            [rows, 100]; row i belongs to row i of the csv.

    Returns:
        Videos as conversations, utterances by `clip_id`, without emotions; widths 100, 73, 100.

    Raises:
        TrainingDataError: a file, column, split or array is missing or a score is no number.
    """
    rows = read_csv(csv_path, COLUMNS)
    require_values(csv_path, rows, "bc_split", ("train", "test"))
    arrays = read_arrays(features_path, WIDTHS, len(rows))
    dev = _dev_videos(row.cells["video_id"] for row in rows if row.cells["bc_split"] == "train")
    placed = []
    for index, row in enumerate(rows):
        features: dict[str, Tensors] = {
            "text": arrays["text100"][index][None, :],  # [1, 100]
            "audio": arrays["audio73"][index][None, :],  # [1, 73]
            "visual": arrays["visual100"][index][None, :],  # [1, 100]
        }
        placed.append(_placed(row, features, dev))
    widths = (WIDTHS["text100"], WIDTHS["audio73"], WIDTHS["visual100"])
    return Corpus("MOSI", "none stated (CMU-MOSI)", by_conversation(placed), widths)


def _dev_videos(videos: Iterable[str]) -> set[str]:
    names = sorted(set(videos), key=lambda name: hashlib.sha256(name.encode()).digest())
    return set(names[: max(1, round(_DEV_SHARE * len(names)))])


def _placed(row: Row, features: dict[str, Tensors], dev: set[str]) -> PlacedPost:
    score = row.number("score")
    sentiment = SENTIMENTS.index(
        "positive" if score > 0 else "negative" if score < 0 else "neutral"
    )
    post = LabelledPost(features, sentiment, NO_LABEL, text=row.cells["transcript"])
    video = row.cells["video_id"]
    split = "dev" if video in dev else row.cells["bc_split"]
    return PlacedPost(split, video, row.whole_number("clip_id"), post)
