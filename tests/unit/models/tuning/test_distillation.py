"""A teacher's logits, kept and followed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.errors import TrainingDataError
from models.training.corpus import LabelledPost
from models.tuning.distillation import (
    distillation_loss,
    post_keys,
    read_teacher,
    save_teacher,
    teacher_file,
)


def posts(*texts: str) -> list[LabelledPost]:
    return [LabelledPost({}, 0, 0, text) for text in texts]


def test_logits_come_back_to_the_post_they_were_given_for(tmp_path: Path) -> None:
    told = {
        key: np.full(10, index, np.float32) for index, key in enumerate(post_keys(["hi", "ho"]))
    }
    save_teacher(tmp_path / "teacher.npz", told)
    teacher = read_teacher(tmp_path / "teacher.npz")
    first, second = teacher.of(posts("hi", "ho"))
    assert first is not None
    assert second is not None
    assert first[0] == 0.0
    assert second[0] == 1.0


def test_the_same_post_in_another_conversation_is_another_post(tmp_path: Path) -> None:
    save_teacher(
        tmp_path / "teacher.npz", {key: np.zeros(10, np.float32) for key in post_keys(["hi", "ho"])}
    )
    assert read_teacher(tmp_path / "teacher.npz").of(posts("hi", "hm")) == [None, None]


def test_a_file_of_something_else_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, numbers=np.zeros(3))
    with pytest.raises(TrainingDataError, match=r"other\.npz"):
        read_teacher(path)


def test_a_student_that_says_the_same_loses_nothing() -> None:
    logits = torch.randn(5, 7)
    assert distillation_loss(logits, logits.clone(), 2.0).item() == pytest.approx(0.0, abs=1e-6)


def test_the_gradient_draws_the_student_to_the_teacher() -> None:
    student = torch.zeros(1, 3, requires_grad=True)
    distillation_loss(student, torch.tensor([[4.0, 0.0, 0.0]]), 2.0).backward()  # type: ignore[no-untyped-call]
    assert student.grad is not None
    assert student.grad[0, 0] < 0
    assert (student.grad[0, 1:] > 0).all()


def test_the_shipped_teacher_knows_all_of_melds_train_and_dev_that_differ() -> None:
    rows = read_teacher(teacher_file("meld")).rows
    assert len(rows) == 11_098
    assert all(np.isfinite(row).all() and row.shape == (10,) for row in rows.values())
