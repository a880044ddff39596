import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from models.evaluation.metrics import MEASURES, confusion, measures, measures_by_class

CLASSES = 5
PAIRS = st.lists(
    st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=60
)


@settings(max_examples=25, deadline=None)
@given(PAIRS)
def test_measures_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    found = measures(truth, predicted, CLASSES)
    assert tuple(found) == MEASURES
    assert found["accuracy"] == pytest.approx(np.mean(np.equal(truth, predicted)))
    for average in ("weighted", "macro"):
        wanted = precision_recall_fscore_support(
            truth, predicted, labels=sorted(set(truth)), average=average, zero_division=0
        )
        for name, value in zip(("precision", "recall", "f1"), wanted[:3], strict=True):
            assert found[f"{average}_{name}"] == pytest.approx(value), name


@settings(max_examples=25, deadline=None)
@given(PAIRS)
def test_classes_are_judged_as_by_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    table = confusion(truth, predicted, CLASSES)
    labels = range(CLASSES)
    np.testing.assert_array_equal(table, confusion_matrix(truth, predicted, labels=labels))
    found = measures_by_class(table)
    wanted = precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    for values, known in zip(
        (found.precision, found.recall, found.f1, found.support), wanted, strict=True
    ):
        np.testing.assert_allclose(values, known)


def test_many_tables_are_judged_at_once() -> None:
    tables = np.random.default_rng(0).integers(0, 9, (4, 2, 3, 3))
    together = measures_by_class(tables)
    alone = measures_by_class(tables[2, 1])
    np.testing.assert_array_equal(together.f1[2, 1], alone.f1)
    np.testing.assert_array_equal(together.support[2, 1], alone.support)


def test_f1_is_as_counted_by_hand() -> None:
    outcome = measures([0, 0, 0, 1], [0, 0, 1, 1], 3)
    assert outcome["weighted_f1"] == pytest.approx((3 * 0.8 + 1 * 2 / 3) / 4)
    assert outcome["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)


@pytest.mark.parametrize(("truth", "predicted"), [([], []), ([0, 1], [0])])
def test_labels_without_predictions_are_refused(truth: list[int], predicted: list[int]) -> None:
    with pytest.raises(ValueError, match="labels and"):
        measures(truth, predicted, 2)
