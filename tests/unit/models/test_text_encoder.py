"""The text encoder: offline, special tokens included, batches that do not change a text."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from models.encoder_input import MAX_TOKENS
from models.processor import has_vnni
from models.text_encoder import TextEncoder, load_text_encoder


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return load_text_encoder()


def test_loading_needs_no_network_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something wants the network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_text_encoder()
    assert capfd.readouterr() == ("", "")


def test_special_tokens_are_part_of_a_text(encoder: TextEncoder) -> None:
    empty, words = encoder.encode(["", "hello world"])
    assert empty.shape == (2, 384)
    assert words.shape == (4, 384)
    assert words.dtype == np.float16


def test_a_long_text_is_cut(encoder: TextEncoder) -> None:
    (tokens,) = encoder.encode(["word " * 500])
    assert tokens.shape == (MAX_TOKENS, 384)


def test_texts_keep_their_order_and_their_vectors_in_a_batch(encoder: TextEncoder) -> None:
    texts = ["a longer text about nothing at all " * 4, "hi", "", "so what?", "hi"]
    together = encoder.encode(texts)
    for text, tokens in zip(texts, together, strict=True):
        (alone,) = encoder.encode([text])
        np.testing.assert_allclose(tokens, alone, atol=1e-2)


def test_nothing_in_gives_nothing_out(encoder: TextEncoder) -> None:
    assert encoder.encode([]) == []


def test_vectors_are_the_same_with_and_without_vnni(
    encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["what a lovely day", "no", "I never said that it was yours, did I?"]
    with monkeypatch.context() as patched:
        patched.setattr("models.processor.has_vnni", lambda: False)
        careful = load_text_encoder()
    for one, other in zip(encoder.encode(texts), careful.encode(texts), strict=True):
        np.testing.assert_array_equal(one, other)


def test_vnni_is_read_from_the_processor_s_flags(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    for flags, has in (("fpu avx2", False), ("fpu avx_vnni", True), ("avx512_vnni", True)):
        told.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: avx_vnni\n")
        assert has_vnni(told) is has
    assert not has_vnni(tmp_path / "none")
