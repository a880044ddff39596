"""Questions and answers survive the way between server and process."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.exemplars.explanation import ExplanationQuestion, ExplanationUnavailableError, Task
from connectors.schemas.kept_post import kept_post
from models.explanation.explanation import (
    Completeness,
    Explanation,
    ModalityShare,
    PostShare,
    WordValue,
)
from stream_app.explaining.wire import (
    decode_answer,
    decode_question,
    encode_answer,
    encode_question,
    encode_refusal,
)

TASKS: Final[tuple[Task, ...]] = ("sentiment", "emotion")


@given(
    st.lists(st.binary(), min_size=1),
    st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(TASKS),
)
def test_a_question_is_a_line_that_is_read_back(
    records: list[bytes], text: str | None, task: Task
) -> None:
    kept = [kept_post(record, "neutral") for record in records]
    line = encode_question(ExplanationQuestion(kept, text, task, "negative"))
    assert line.index(b"\n") == len(line) - 1
    asked = decode_question(line)
    assert (asked.records, asked.text, asked.task, asked.label) == (
        records,
        text,
        task,
        "negative",
    )


def test_an_answer_counts_posts_back_from_the_explained_one() -> None:
    found = Explanation(
        post_id="",
        conversation_id="",
        model_version="m-1",
        task="sentiment",
        label="negative",
        predicted="negative",
        probabilities={"negative": 0.75, "neutral": 0.15, "positive": 0.1},
        log_odds=1.1,
        modalities=[ModalityShare("text", 0.9, 1.2), ModalityShare("audio", 0.1, -0.1)],
        posts=[PostShare("", 0.2, -0.3), PostShare("", 0.8, 1.4)],
        words=[WordValue("late", 0, 4, 0.7)],
        without_words="",
        methods={},
        completeness={"words": Completeness(1.2, 0.01)},
    )
    told = decode_answer(encode_answer(found))
    assert [(own.before, own.share, own.signed) for own in told.posts] == [
        (1, 0.2, -0.3),
        (0, 0.8, 1.4),
    ]
    assert [(own.modality, own.signed) for own in told.modalities] == [
        ("text", 1.2),
        ("audio", -0.1),
    ]
    assert [(own.text, own.start, own.end, own.signed) for own in told.words] == [
        ("late", 0, 4, 0.7)
    ]
    assert (told.label, told.probability, told.words_gap) == ("negative", 0.75, 0.01)


def test_a_refusal_is_raised_where_it_is_read() -> None:
    with pytest.raises(ExplanationUnavailableError, match="of another model"):
        decode_answer(encode_refusal("of another model"))
