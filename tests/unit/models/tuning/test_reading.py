"""How an encoder reads posts."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from models.tuning.reading import MAX_TOKENS, Reading
from tests.unit.models.tuning.tiny_encoder import WORDS, tiny_reader

TEXTS = st.lists(
    st.lists(
        st.lists(st.sampled_from(["good", "bad", "day", "night"]), max_size=9).map(" ".join),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
    max_size=5,
)


def words(text: str) -> list[int]:
    return [WORDS[word] for word in text.split()]


@given(TEXTS, st.sampled_from(get_args(Reading)), st.integers(1, 64))
def test_every_post_stands_once_with_its_own_tokens(
    conversations: list[list[str]], reading: Reading, most: int
) -> None:
    flat = [text for texts in conversations for text in texts]
    found: dict[int, list[int]] = {}
    for group in tiny_reader(reading).read(conversations, most):
        for post, span in zip(group.posts, group.spans, strict=True):
            assert post not in found
            assert group.mask[span.row, span.start : span.end].all()
            found[post] = group.ids[span.row, span.start : span.end].tolist()
    assert sorted(found) == list(range(len(flat)))
    for post, text in enumerate(flat):
        own = words(text)
        if reading == "post":
            assert found[post] == [WORDS["[CLS]"], *(own or [WORDS["[SEP]"]]), WORDS["[SEP]"]]
        else:
            assert found[post] == (own or [WORDS["[SEP]"]])


def test_a_conversation_is_one_sequence_with_a_separator_behind_each_post() -> None:
    [group] = tiny_reader("conversation").read([["good day", "bad night"]], 100)
    first, separator = WORDS["[CLS]"], WORDS["[SEP]"]
    expected = [first, *words("good day"), separator, *words("bad night"), separator]
    assert group.ids.tolist() == [expected]


def test_a_long_conversation_is_cut_between_posts() -> None:
    text = " ".join(["good"] * 60)
    groups = tiny_reader("conversation").read([[text] * 8], 10_000)
    rows = [row for group in groups for row in group.mask.sum(dim=1).tolist()]
    assert len(rows) == 2
    assert max(rows) <= 380


def test_a_long_post_is_cut() -> None:
    [group] = tiny_reader("post").read([["good " * 200]], 100)
    assert group.ids.shape == (1, MAX_TOKENS)


def test_groups_hold_no_more_padded_tokens_than_asked_for() -> None:
    conversations = [["good " * (index % 9 + 1)] for index in range(40)]
    groups = tiny_reader("post").read(conversations, 60)
    assert all(group.ids.numel() <= 60 for group in groups)
    assert len(groups) < 40


def test_a_post_stands_behind_as_many_before_it_as_asked_for() -> None:
    reader = tiny_reader("context", context=2)
    [group] = reader.read([["good", "bad", "day", "night"]], 100)
    first, separator = WORDS["[CLS]"], WORDS["[SEP]"]
    row = group.spans[group.posts.index(3)].row
    expected = [first, *words("bad"), separator, *words("day"), separator]
    assert group.ids[row].tolist() == [*expected, *words("night"), separator]


def test_the_oldest_posts_are_left_out_of_a_long_context() -> None:
    reader = tiny_reader("context", context=6)
    groups = reader.read([[" ".join(["good"] * 40)] * 7], 10_000)
    longest = max(row for group in groups for row in group.mask.sum(dim=1).tolist())
    assert longest == 1 + 3 * 41
