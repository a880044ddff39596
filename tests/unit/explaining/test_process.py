"""The process that explains: answers in order, ends when idle, and never hangs a server."""

import sys
from collections.abc import AsyncIterator, Callable

import pytest

from connectors.exemplars.explanation import (
    ExplanationDelayedError,
    ExplanationQuestion,
    ExplanationUnavailableError,
    PostExplanation,
)
from stream_app.explaining.process import ExplainerProcess, Limits
from stream_app.explaining.wire import READY, encode_refusal

ANSWER = PostExplanation(
    task="sentiment",
    label="negative",
    probability=0.9,
    log_odds=2.2,
    model_version="m",
    modalities=[],
    posts=[],
    words=[],
    without_words="",
    words_gap=0.0,
)
QUESTION = ExplanationQuestion([b"-record"], "late again", "sentiment", "negative")
FIRST = f"import os, sys\nsay = sys.stdout.buffer\nsay.write({READY!r}); say.flush()\n"
LINE = (ANSWER.model_dump_json() + "\n").encode()
LIMITS = Limits(load_s=20, explain_s=20)
Maker = Callable[..., ExplainerProcess]


@pytest.fixture
async def explaining() -> AsyncIterator[Maker]:
    made = []

    def make(script: str, limits: Limits = LIMITS) -> ExplainerProcess:
        made.append(ExplainerProcess(limits, (sys.executable, "-c", script)))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def test_one_process_answers_every_question(explaining: Maker) -> None:
    pid = "str(os.getpid()).encode()"
    told = LINE.replace(b'"m"', b'"PID"')
    answers = f"for line in sys.stdin: say.write({told!r}.replace(b'PID', {pid})); say.flush()"
    process = explaining(FIRST + answers)
    versions = {(await process.explain(QUESTION)).model_version for _ in range(3)}
    assert len(versions) == 1


async def test_what_the_process_refuses_is_said_in_its_words(explaining: Maker) -> None:
    refused = encode_refusal("record of another model")
    process = explaining(FIRST + f"for line in sys.stdin: say.write({refused!r}); say.flush()")
    with pytest.raises(ExplanationUnavailableError, match="record of another model"):
        await process.explain(QUESTION)


async def test_a_model_that_cannot_be_loaded_is_said(explaining: Maker) -> None:
    refused = encode_refusal("the model cannot be loaded: no such folder")
    process = explaining(f"import sys\nsys.stdout.buffer.write({refused!r})")
    with pytest.raises(ExplanationDelayedError, match="no such folder"):
        await process.explain(QUESTION)


async def test_a_process_that_died_is_said_and_started_again(explaining: Maker) -> None:
    process = explaining(FIRST + "sys.stdin.readline()")
    for _ in range(2):
        with pytest.raises(ExplanationDelayedError, match="died"):
            await process.explain(QUESTION)


async def test_a_process_past_its_limit_is_ended_and_its_late_answer_lost(
    explaining: Maker,
) -> None:
    process = explaining(FIRST + "sys.stdin.readline(); sys.stdin.read()", Limits(20, 0.05, 20))
    with pytest.raises(ExplanationDelayedError, match="too busy"):
        await process.explain(QUESTION)
    with pytest.raises(ExplanationDelayedError, match="too busy"):  # of a process of its own
        await process.explain(QUESTION)


@pytest.mark.parametrize("said", ["hello\\n", "[]\\n", "{}\\n"])
async def test_what_is_no_answer_is_refused_and_the_process_started_again(
    explaining: Maker, said: str
) -> None:
    process = explaining(FIRST + f"for line in sys.stdin: say.write(b'{said}'); say.flush()")
    for _ in range(2):
        with pytest.raises(ExplanationDelayedError, match="started again"):
            await process.explain(QUESTION)


async def test_an_endless_answer_is_refused(explaining: Maker) -> None:
    process = explaining(FIRST + "sys.stdin.readline(); say.write(b'x' * 5_000_000); say.flush()")
    with pytest.raises(ExplanationDelayedError, match="bytes"):
        await process.explain(QUESTION)


async def test_a_process_that_says_no_word_of_its_own_at_first_is_refused(
    explaining: Maker,
) -> None:
    process = explaining("print('hello')")
    with pytest.raises(ExplanationDelayedError, match="hello"):
        await process.explain(QUESTION)
