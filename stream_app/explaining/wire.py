"""Questions and answers between a server and the process that explains, as lines of JSON. Pure."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson
from pydantic import ValidationError

from connectors.exemplars.explanation import (
    ExplanationDelayedError,
    ExplanationQuestion,
    ExplanationUnavailableError,
    PostExplanation,
    Task,
)
from connectors.schemas.kept_post import record_of

if TYPE_CHECKING:
    from models.explanation.explanation import Explanation

READY: Final = b'{"ready":true}\n'
CANNOT_BE_LOADED: Final = "the model cannot be loaded"


@dataclass(frozen=True, slots=True)
class Question:
    """A window to explain; `ExplanationQuestion` with the records of the model."""

    records: Sequence[bytes]
    text: str | None
    task: Task
    label: str


def encode_question(asked: ExplanationQuestion) -> bytes:
    """A line that asks."""
    records = [b64encode(record_of(kept)).decode() for kept in asked.window]
    question = {"records": records, "text": asked.text, "task": asked.task, "label": asked.label}
    return orjson.dumps(question) + b"\n"


def decode_question(line: bytes) -> Question:
    """What a line asks."""
    asked = orjson.loads(line)
    records = [b64decode(record) for record in asked["records"]]
    return Question(records, asked["text"], asked["task"], asked["label"])


def encode_answer(found: "Explanation") -> bytes:
    """A line that tells an explanation."""
    last = len(found.posts) - 1
    words = found.completeness.get("words")
    told = PostExplanation.model_validate(
        {
            "task": found.task,
            "label": found.label,
            "probability": found.probabilities[found.label],
            "log_odds": found.log_odds,
            "model_version": found.model_version,
            "modalities": [
                {"modality": own.modality, "share": own.share, "signed": own.signed}
                for own in found.modalities
            ],
            "posts": [
                {"before": last - at, "share": own.share, "signed": own.signed}
                for at, own in enumerate(found.posts)
            ],
            "words": [
                {"text": own.text, "start": own.start, "end": own.end, "signed": own.value}
                for own in found.words
            ],
            "without_words": found.without_words,
            "words_gap": 0.0 if words is None else words.gap,
        }
    )
    return told.model_dump_json().encode() + b"\n"


def encode_refusal(reason: str) -> bytes:
    """A line that says why there is no explanation."""
    return orjson.dumps({"refused": reason}) + b"\n"


def decode_answer(line: bytes) -> PostExplanation:
    """The explanation of a line.

    Raises:
        ExplanationUnavailableError: it says why there is none.
        ExplanationDelayedError: it is neither.
    """
    require_no_refusal(line)
    try:
        return PostExplanation.model_validate_json(line)
    except ValidationError as error:
        raise _nonsense(line) from error


def require_no_refusal(line: bytes) -> None:
    """See to it that a line does not say why something cannot be done.

    Raises:
        ExplanationUnavailableError: it does.
        ExplanationDelayedError: it is no message at all.
    """
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _nonsense(line) from error
    if not isinstance(told, dict):
        raise _nonsense(line)
    refused = told.get("refused")
    if refused is not None:
        raise ExplanationUnavailableError(refused)


def _nonsense(line: bytes) -> ExplanationDelayedError:
    return ExplanationDelayedError(
        f"the process that explains answered {line[:40]!r}, which is none: it is started again"
    )
