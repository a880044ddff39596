import math

import pytest
import torch

from models.tmsam import Logits
from models.training.batches import make_batch
from models.training.config import LossConfig
from models.training.corpus import NO_LABEL, LabelledPost
from models.training.loss import JointLoss, balanced_weights, task_loss

BINARY = LossConfig(kind="binary_cross_entropy")


def test_a_post_without_a_label_adds_nothing_to_the_loss() -> None:
    logits = torch.randn(1, 3, 3)
    labels = torch.tensor([[2, NO_LABEL, 0]])
    both = task_loss(logits[:, [0, 2]], labels[:, [0, 2]])
    torch.testing.assert_close(task_loss(logits, labels), both)
    assert task_loss(logits, torch.full((1, 3), NO_LABEL)) == 0.0


def test_a_batch_without_labels_has_a_gradient_of_zero() -> None:
    logits = torch.randn(1, 2, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(task_loss(logits, torch.full((1, 2), NO_LABEL)), logits)
    assert not gradient.any()


@pytest.mark.parametrize("settings", [LossConfig(), BINARY, LossConfig(imbalance="focal")])
def test_the_loss_falls_towards_the_truth_of_both_tasks(settings: LossConfig) -> None:
    batch = make_batch([[LabelledPost({}, 1, 4)]])
    sentiment, emotion = 9 * torch.eye(3), 9 * torch.eye(7)
    joint = JointLoss(("sentiment", "emotion"), settings)
    right = joint(Logits(sentiment[None, 1:2], emotion[None, 4:5]), batch)
    half = joint(Logits(sentiment[None, 1:2], emotion[None, 5:6]), batch)
    wrong = joint(Logits(sentiment[None, 0:1], emotion[None, 5:6]), batch)
    assert right < half < wrong


def test_a_task_that_does_not_count_adds_nothing() -> None:
    batch = make_batch([[LabelledPost({}, 1, 4)]])
    logits = Logits(torch.randn(1, 1, 3), torch.randn(1, 1, 7))
    alone = JointLoss(("emotion",))(logits, batch)
    torch.testing.assert_close(alone, task_loss(logits.emotion, batch.emotion))
    both = JointLoss(("sentiment", "emotion"))(logits, batch)
    torch.testing.assert_close(both - alone, task_loss(logits.sentiment, batch.sentiment))


def test_focal_loss_is_as_its_formula_says() -> None:
    logits = torch.log(torch.tensor([[[0.9, 0.1], [0.3, 0.7]]]))
    labels = torch.tensor([[0, 0]])
    wanted = -(0.1**2 * math.log(0.9) + 0.7**2 * math.log(0.3)) / 2
    assert float(task_loss(logits, labels, focal_gamma=2.0)) == pytest.approx(wanted, rel=1e-5)


def test_weights_raise_rare_classes_and_average_to_one() -> None:
    labels = torch.tensor([0] * 16 + [1] * 4 + [NO_LABEL])
    weights = balanced_weights(labels, 3)
    assert weights[1] == pytest.approx(2 * float(weights[0]))
    assert weights[2] == 0
    assert float(weights[labels[:20]].mean()) == pytest.approx(1.0)


def test_a_weighted_loss_is_the_weighted_mean() -> None:
    logits, labels = torch.randn(1, 4, 3), torch.tensor([[0, 1, 2, 2]])
    weights = torch.tensor([1.0, 2.0, 5.0])
    wanted = torch.nn.functional.cross_entropy(logits[0], labels[0], weights)
    torch.testing.assert_close(task_loss(logits, labels, weights), wanted)


def test_each_data_set_has_the_weights_of_its_own_classes() -> None:
    posts = [[LabelledPost({}, 1, NO_LABEL), LabelledPost({}, 2, NO_LABEL)]]
    logits = Logits(torch.randn(1, 2, 3), torch.randn(1, 2, 7))
    first, second = torch.tensor([1.0, 1.0, 1.0]), torch.tensor([1.0, 1.0, 9.0])
    joint = JointLoss(("sentiment",), weights=[{"sentiment": first}, {"sentiment": second}])
    for source, weights in enumerate((first, second)):
        batch = make_batch(posts, source)
        wanted = task_loss(logits.sentiment, batch.sentiment, weights)
        torch.testing.assert_close(joint(logits, batch), wanted)
