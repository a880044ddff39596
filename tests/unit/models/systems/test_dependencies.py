"""The graph of a dependency tree over the word pieces of an encoder."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from models.systems.dependencies import WordPieces, piece_edges, with_dependencies
from models.systems.dependency_parser import Tree, Trees
from models.training.corpus import Corpus, LabelledPost

SENTENCE = "The food wasn't great but the staff were lovely."
WORDS = ("the", "food", "wasn", "'", "t", "great", "but", "staff", "were", "love", "##ly", ".")
VOCABULARY = ("[UNK]", "[CLS]", "[SEP]", "[PAD]", *WORDS, "cannot", "wait", "hi", "how")


def pieces(max_tokens: int = 64) -> WordPieces:
    tokenizer = Tokenizer(
        WordPiece({piece: index for index, piece in enumerate(VOCABULARY)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_padding(length=128)
    tokenizer.enable_truncation(128)
    return WordPieces(tokenizer, max_tokens)


def tree(text: str, words: str, heads: Sequence[int]) -> Tree:
    """Words in the order of the text, found one after the other; heads are indices of words."""
    rows, at = [], 0
    for word, head in zip(words.split(), heads, strict=True):
        start = text.index(word, at)
        at = start + len(word)
        rows.append((start, at, head))
    return np.array(rows, np.int32).reshape(-1, 3)


# was(2) <- food(1) <- The(0); was <- n't(3), great(4), but(5), were(8); were <- staff(7) <- the(6);
# were <- lovely(9), .(10)
PARSED = tree(
    SENTENCE,
    "The food was n't great but the staff were lovely .",
    [1, 2, 2, 2, 2, 2, 7, 8, 2, 8, 8],
)


def joined(parsed: Tree, text: str, own: WordPieces | None = None) -> set[tuple[int, ...]]:
    (places,) = (own or pieces()).places([text])
    return {tuple(pair) for pair in piece_edges(parsed, places).tolist()}


def test_pieces_follow_the_words_and_their_heads() -> None:
    # pieces: [CLS], the, food, wasn (3), apostrophe, t, great (6), but, the, staff (9), were, love,
    # ##ly (12), full stop, [SEP]
    within = {(4, 5), (11, 12)}  # n't is the pieces ' and t; lovely is love and ##ly
    heads = {(1, 2), (2, 3), (3, 4), (3, 6), (3, 7), (3, 10), (8, 9), (9, 10), (10, 11), (10, 13)}
    special = {(0, 3), (3, 14)}
    assert joined(PARSED, SENTENCE) == within | heads | special


def test_a_word_that_shares_its_piece_passes_its_head_on() -> None:
    text = "cannot wait"
    parsed = tree(text, "can not wait", [2, 0, 2])  # not hangs below can here
    assert joined(parsed, text) == {(1, 2), (0, 2), (2, 3)}
    below = tree(text, "can not wait", [1, 2, 2])  # can hangs below not, which has no piece
    assert joined(below, text) == {(1, 2), (0, 2), (2, 3)}


def test_words_past_the_cut_leave_their_nearest_word_above() -> None:
    # [CLS] the food wasn ' [SEP]; the root was keeps its piece, t and all behind it are gone
    assert joined(PARSED, SENTENCE, pieces(6)) == {(1, 2), (2, 3), (3, 4), (0, 3), (3, 5)}
    # [CLS] the food [SEP]: the root itself is gone, food is the highest that is left
    assert joined(PARSED, SENTENCE, pieces(4)) == {(1, 2), (0, 2), (2, 3)}


def test_sentences_hang_together_through_the_special_pieces() -> None:
    text = "hi. how"
    parsed = tree(text, "hi . how", [0, 0, 2])
    assert joined(parsed, text) == {(1, 2), (0, 1), (0, 3), (1, 4), (3, 4)}


def test_a_text_without_words_joins_its_special_pieces() -> None:
    assert joined(tree("", "", []), "") == {(0, 1)}


@st.composite
def parsed_texts(draw: st.DrawFn) -> tuple[Tree, list[tuple[int, int]]]:
    """Any tree over words with gaps, and pieces cut anywhere, special ones at both ends."""
    ends = sorted(draw(st.sets(st.integers(1, 40), max_size=12)))
    starts = [0, *ends][: len(ends)]
    heads = [draw(st.integers(0, index)) for index in range(len(ends))]
    order = draw(st.permutations(range(len(ends))))
    rows = [
        (start, end, order[heads[order.index(word)]])
        for word, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    cuts = sorted(draw(st.sets(st.integers(0, 40), max_size=12)))
    own = list(pairwise(cuts))
    return np.array(rows, np.int32).reshape(-1, 3), [(0, 0), *own, (0, 0)]


@settings(max_examples=60, deadline=None)
@given(parsed_texts())
def test_all_pieces_hang_together_whatever_the_tree(
    text: tuple[Tree, list[tuple[int, int]]],
) -> None:
    parsed, places = text
    edges = piece_edges(parsed, places)
    assert (edges[:, 0] < edges[:, 1]).all()
    assert len(np.unique(edges, axis=0)) == len(edges)
    reached, edge = {0}, {0}
    while edge:
        near = {int(other) for pair in edges if set(pair) & edge for other in pair}
        edge = near - reached
        reached |= near
    assert reached == set(range(len(places)))


class FixedParser:
    def parse(self, texts: Sequence[str]) -> list[Tree]:
        return [
            PARSED if text == SENTENCE else tree(text, text and "hi", [0][: len(text)])
            for text in texts
        ]


def corpus() -> Corpus:
    own = LabelledPost({"text": np.zeros((1, 100), np.float32)}, 0, 0, text="hi")
    audio = {"audio": np.zeros((1, 8), np.float32)}
    posts = [LabelledPost({}, 0, 0, text=SENTENCE), own, LabelledPost(audio, 0, 0)]
    later = [LabelledPost({}, 0, 0, text="hi")]
    return Corpus("hand-made", "none", {"train": [posts, later], "dev": []})


def test_posts_get_edges_where_an_encoder_will_read_their_text() -> None:
    parsed = with_dependencies(corpus(), Trees(FixedParser), pieces())
    (sentence, own, silent), (greeting,) = parsed.splits["train"]
    assert sentence.edges is not None
    assert greeting.edges is not None
    assert sentence.edges.dtype == np.int16
    assert sentence.edges.shape == (14, 2)
    assert greeting.edges.tolist() == [[0, 1], [1, 2]]
    assert own.edges is None
    assert silent.edges is None
    assert parsed.splits["dev"] == []


def test_edges_are_of_the_text_that_the_encoder_reads() -> None:
    address = LabelledPost({}, 0, 0, text="@someone https://example.org/a/long/path hi")
    only = LabelledPost({}, 0, 0, text="https://example.org")
    posts = Corpus("hand-made", "none", {"train": [[address, only]]})
    ((parsed, empty),) = with_dependencies(posts, Trees(FixedParser), pieces()).splits["train"]
    assert parsed.edges is not None
    assert parsed.edges.tolist() == [[0, 1], [1, 2]]  # [CLS], hi, [SEP]
    assert empty.edges is not None
    assert empty.edges.tolist() == [[0, 1]]
