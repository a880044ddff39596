"""The process that explains: a question a line on stdin, an answer a line on stdout.

It loads the model first and then says that it is ready, in a line as well; it ends when stdin does.
It runs behind everything else on the machine. Not for who asks: that is `process`.
"""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO, Final

from stream_app.explaining.wire import (
    CANNOT_BE_LOADED,
    READY,
    decode_question,
    encode_answer,
    encode_refusal,
)
from stream_app.settings import Settings

if TYPE_CHECKING:
    from models.explanation.explainer import Explainer

NICENESS: Final = 10


def answer(explainer: "Explainer", questions: Iterable[bytes], answers: BinaryIO) -> None:
    """Answer questions one after another.

    Args:
        explainer: of the model that scores.
        questions: each a line.
        answers: where each answer goes at once.
    """
    from models.errors import ModelError  # noqa: PLC0415 - as in `main`

    for line in questions:
        asked = decode_question(line)
        try:
            made = encode_answer(
                explainer.explain_records(asked.records, asked.text, asked.task, asked.label)
            )
        except ModelError as error:
            made = encode_refusal(str(error))
        answers.write(made)
        answers.flush()


def main() -> int:
    """Answer until nobody asks any more; returns the exit code."""
    os.nice(NICENESS)
    from models.errors import ModelError  # noqa: PLC0415 - torch takes seconds: behind all else
    from models.explanation.explainer import load_explainer  # noqa: PLC0415

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand among the answers
    try:
        explainer = load_explainer(Settings().model, "cpu", threads=1)
    except (ModelError, OSError) as error:
        answers.write(encode_refusal(f"{CANNOT_BE_LOADED}: {error}"))
        answers.flush()
        return 1
    answers.write(READY)
    answers.flush()
    answer(explainer, sys.stdin.buffer, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
