import numpy as np
import pytest

from models.evaluation import judged as module
from models.evaluation.judged import joined, judge
from models.training.corpus import NO_LABEL
from tests.unit.models.evaluation.telltale import TelltaleSystem, honest, voting


@pytest.mark.parametrize("posts_a_batch", [1, 4, 1000])
def test_rows_come_in_the_order_of_the_conversations(
    monkeypatch: pytest.MonkeyPatch, posts_a_batch: int
) -> None:
    monkeypatch.setattr(module, "_POSTS_A_BATCH", posts_a_batch)
    found = judge(TelltaleSystem(), [honest([0, 1, 2, 0]), honest([1]), honest([2, 2])])
    assert found.sentiment.tolist() == [0, 1, 2, 0, 1, 2, 2]
    assert found.sentiment_logits.argmax(axis=1).tolist() == found.labels("sentiment").tolist()
    assert found.logits("emotion").argmax(axis=1).tolist() == found.emotion.tolist()
    assert found.position.tolist() == [0, 1, 2, 3, 0, 0, 1]
    assert found.conversation.tolist() == [0, 0, 0, 0, 1, 2, 2]


def test_a_removed_modality_is_not_used_but_still_known_to_be_there() -> None:
    posts = [
        voting(0, 0, text=0, audio=1),
        voting(1, NO_LABEL, group="late", audio=1),
        voting(2, 2, text=2),
    ]
    found = judge(TelltaleSystem(), [posts], ("text", "visual"))
    assert found.sentiment_logits.argmax(axis=1).tolist() == [0, 1, 2]
    assert found.sentiment_logits.sum(axis=1).tolist() == [1, 1, 1]
    np.testing.assert_array_equal(found.presence[:, 1], [True, True, False])
    assert found.emotion.tolist() == [0, NO_LABEL, 2]
    assert found.group == ("", "late", "")


def test_judging_leaves_training_mode_and_no_gradient() -> None:
    system = TelltaleSystem().train()
    judge(system, [honest([0])])
    assert not system.training
    assert system.weight.grad is None


def test_posts_judged_apart_are_joined_as_if_judged_together() -> None:
    first, second = [honest([0, 1]), honest([2])], [honest([1, 1, 0])]
    whole = judge(TelltaleSystem(), [*first, *second])
    parts = joined([judge(TelltaleSystem(), own) for own in (first, second)])
    assert parts.conversation.tolist() == whole.conversation.tolist() == [0, 0, 1, 2, 2, 2]
    np.testing.assert_array_equal(parts.emotion_logits, whole.emotion_logits)
    np.testing.assert_array_equal(parts.sentiment, whole.sentiment)
    assert parts.presence.shape == (6, 3)
    assert len(parts.group) == 6
