"""The acceleration ratio is that of medians, and is left out where there is no GPU."""

from benchmarks.acceleration import Ratio, synthetic_corpus
from models.presets import PRESETS


def test_the_ratio_is_that_of_the_medians() -> None:
    ratio = Ratio.of([[9.0, 2.0, 3.0], [1.0, 7.0, 1.5]])
    assert ratio.gpu is not None
    assert (ratio.cpu.seconds, ratio.gpu.seconds, ratio.ratio) == (3.0, 1.5, 2.0)
    assert ratio.cells() == ("3.00", "1.50", "2.00")


def test_without_a_gpu_there_is_no_ratio() -> None:
    ratio = Ratio.of([[2.0, 1.0, 4.0]])
    assert (ratio.cpu.seconds, ratio.gpu, ratio.ratio) == (2.0, None, None)
    assert ratio.cells() == ("2.00", "-", "-")


def test_random_posts_have_the_form_of_the_papers() -> None:
    corpus = synthetic_corpus(25)
    assert [len(posts) for posts in corpus.splits["train"]] == [10, 10, 5]
    assert corpus.widths == PRESETS["paper"].widths
    post = corpus.splits["train"][0][0]
    assert {own.shape for own in post.features.values()} == {(12, 300), (12, 74), (12, 35)}
