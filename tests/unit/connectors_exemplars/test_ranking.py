"""Which posts may be among the best examples of a track."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.exemplars.ranking import DECAY_S, STEP_S, Candidates, rank, ranks
from tests.conftest import PredictionMaker

NOW = 1_764_000_000.0


def test_of_two_posts_of_one_moment_the_surer_is_better() -> None:
    assert rank(0.9, NOW, "p") > rank(0.8, NOW, "q")


def test_of_two_equally_sure_posts_the_newer_is_better() -> None:
    assert rank(0.9, NOW, "p") > rank(0.9, NOW - STEP_S, "q")


def test_a_post_an_hour_older_must_be_e_times_as_likely() -> None:
    odds = 0.5 / (1 - 0.5) * 2.718281828459045
    assert abs(rank(odds / (1 + odds), NOW - DECAY_S, "p") - rank(0.5, NOW, "p")) < 1e-9


def test_certainty_has_a_rank() -> None:
    assert rank(0.0, NOW, "p") < rank(0.5, NOW, "p") < rank(1.0, NOW, "p")


def test_where_the_model_is_as_sure_of_every_post_few_drive_others_out(
    predict: PredictionMaker,
) -> None:
    candidates = Candidates(most=10)
    posts = [predict(at, ["a"], NOW + at / 100) for at in range(3000)]
    entered = sum(1 for post in posts if candidates.offer(post))
    assert 10 <= entered < 300


def test_a_post_is_ranked_by_its_own_labels(predict: PredictionMaker) -> None:
    (sentiment, _), (emotion, _) = ranks(predict(0, ["a"], NOW, sentiment=0, emotion=5))
    assert (sentiment, emotion) == ("sentiment:negative", "emotion:angry")


@given(ages=st.lists(st.integers(0, 10_000), max_size=40), cut=st.integers(1, 7))
def test_the_best_of_all_posts_are_offered_however_they_come(
    ages: list[int], cut: int, predict: PredictionMaker
) -> None:
    most = 3
    posts = [predict(at, ["a"], NOW - age) for at, age in enumerate(ages)]
    workers = [Candidates(most) for _ in range(cut)]
    offered = [
        post
        for at, post in enumerate(posts)
        for track, places in workers[at % cut].offer(post).items()
        if track == "a" and "sentiment:neutral" in places
    ]

    def best(of: list[tuple[float, str]]) -> list[tuple[float, str]]:
        return sorted(of, reverse=True)[:most]

    everything = [(ranks(post)[0][1], post.post_id) for post in posts]
    told = [(ranks(post)[0][1], post.post_id) for post in offered]
    assert [own for own, _ in best(told)] == [own for own, _ in best(everything)]


def test_a_post_that_cannot_be_among_the_best_is_not_offered(predict: PredictionMaker) -> None:
    candidates = Candidates(most=2)
    newest = [predict(at, ["a"], NOW) for at in range(2)]
    assert all(candidates.offer(post) for post in newest)
    assert candidates.offer(predict(9, ["a"], NOW - STEP_S)) == {}
    assert candidates.offer(newest[0]) != {}  # again, after a crash
