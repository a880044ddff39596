"""What every engine promises its callers, for a causal and a two-way network alike."""

from pathlib import Path

import numpy as np
import pytest
import torch

from connectors.schemas.scoring import Score, WindowRequest
from models.calibration import Calibration, TaskCalibration
from models.card import read_card, write_card
from models.checkpoint import load_checkpoint, save_checkpoint
from models.device import DeviceName
from models.engine import Engine, EngineName, load_engine
from models.errors import ModelError
from models.window_engine import WindowEngine
from tests.unit.models.small_networks import (
    GLARING,
    OF_SENTIMENT,
    post,
    tiny_network,
    write_brittle_checkpoint,
    write_checkpoint,
)


def flat(score: Score) -> list[float]:
    return [*score.sentiment, *score.emotion, *score.modalities]


def conversation(engine: Engine, posts: int, seed: int = 0) -> list[bytes]:
    generator = np.random.default_rng(seed)
    return engine.encode(
        [post(generator, text=1 + int(generator.integers(12))) for _ in range(posts)]
    )


def test_a_window_alone_scores_as_it_does_in_a_batch(engine: Engine) -> None:
    windows = [
        WindowRequest(conversation(engine, posts, seed=posts), (posts - 1,))
        for posts in (1, 2, 3, 7, 20, 32, 5)
    ]
    together = engine.score(windows)
    for window, scores in zip(windows, together, strict=True):
        (alone,) = engine.score([window])
        np.testing.assert_allclose(flat(alone[0]), flat(scores[0]), atol=1e-4)


def test_a_post_alone_encodes_as_it_does_in_a_batch(engine: Engine) -> None:
    generator = np.random.default_rng(1)
    posts = [post(generator, text=steps, audio=steps, visual=2) for steps in (1, 64, 3, 17)]
    for own, record in zip(posts, engine.encode(posts), strict=True):
        (alone,) = engine.encode([own])
        np.testing.assert_allclose(
            np.frombuffer(alone[9:], "<f2"), np.frombuffer(record[9:], "<f2"), atol=2e-3
        )


def test_several_targets_score_as_one_at_a_time(engine: Engine) -> None:
    records = conversation(engine, 6)
    (together,) = engine.score([WindowRequest(records, (1, 5, 3))])
    for target, score in zip((1, 5, 3), together, strict=True):
        ((alone,),) = engine.score([WindowRequest(records, (target,))])
        np.testing.assert_allclose(flat(alone), flat(score), atol=1e-4)


def test_a_later_post_never_changes_an_earlier_score(engine: Engine) -> None:
    records = conversation(engine, 8)
    ((whole,),) = engine.score([WindowRequest(records, (4,))])
    ((prefix,),) = engine.score([WindowRequest(records[:5], (4,))])
    np.testing.assert_allclose(flat(whole), flat(prefix), atol=1e-6)


@pytest.mark.parametrize("posts", [1, 32])
def test_probabilities_and_shares_sum_to_one(engine: Engine, posts: int) -> None:
    ((score,),) = engine.score([WindowRequest(conversation(engine, posts), (posts - 1,))])
    for part, size in ((score.sentiment, 3), (score.emotion, 7), (score.modalities, 3)):
        assert len(part) == size
        assert sum(part) == pytest.approx(1.0)


def test_an_absent_modality_has_no_share(engine: Engine) -> None:
    generator = np.random.default_rng(2)
    records = engine.encode([post(generator, text=3, audio=1), post(generator, visual=2)])
    ((both, alone),) = engine.score([WindowRequest(records, (0, 1))])
    assert both.modalities[0] > 0
    assert both.modalities[1] > 0
    assert both.modalities[2] == 0
    assert alone.modalities == (0.0, 0.0, 1.0)


def test_nothing_in_gives_nothing_out(engine: Engine) -> None:
    assert engine.encode([]) == []
    assert engine.score([]) == []
    assert engine.score([WindowRequest(conversation(engine, 2), ())]) == [[]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_tensor_that_is_not_finite_is_refused(engine: Engine, value: float) -> None:
    with pytest.raises(ModelError, match="post 0 of the batch: text holds NaN"):
        engine.encode([{"text": np.full((2, 384), value, np.float32)}])


def test_a_vector_past_float16_is_refused(tmp_path: Path) -> None:
    engine = load_engine(write_brittle_checkpoint(tmp_path), "cpu")
    with pytest.raises(ModelError, match="not finite"):
        engine.encode([GLARING])


def test_an_outlier_of_any_size_is_scored(engine: Engine) -> None:
    records = engine.encode([{"text": np.full((2, 384), value, np.float32)} for value in (3e38, 0)])
    assert engine.score([WindowRequest(records, (0, 1))])


def test_a_tensor_of_another_width_is_refused(engine: Engine) -> None:
    with pytest.raises(ModelError, match=r"text must be \[steps, 384\], not \[2, 300\]"):
        engine.encode([{"text": np.zeros((2, 300), np.float32)}])


def test_a_post_without_a_known_modality_is_refused(engine: Engine) -> None:
    with pytest.raises(ModelError, match="no modality"):
        engine.encode([{}])
    with pytest.raises(ModelError, match="unknown modality 'smell'"):
        engine.encode([{"smell": np.zeros((1, 8), np.float32)}])


def test_a_result_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, "stream")
    network, card = load_checkpoint(tmp_path)
    with torch.no_grad():
        network.fusion.out.bias.fill_(float("nan"))
    broken = WindowEngine(network, card, torch.device("cpu"))
    with pytest.raises(ModelError, match="score that is not finite"):
        broken.score([WindowRequest(conversation(broken, 2), (1,))])


def test_a_record_of_another_model_is_refused(engine: Engine, tmp_path: Path) -> None:
    other = load_engine(
        write_checkpoint(tmp_path / "other", "stream", seed=9), device="cpu", threads=1
    )
    assert other.stamp != engine.stamp
    with pytest.raises(ModelError, match="record of another model"):
        engine.score([WindowRequest(conversation(other, 1), (0,))])


def test_a_damaged_record_is_refused(engine: Engine) -> None:
    (record,) = conversation(engine, 1)
    for damaged in (record[:-1], record[:8], record[:8] + b"\x00" + record[9:]):
        with pytest.raises(ModelError, match="damaged record"):
            engine.score([WindowRequest([damaged], (0,))])


def test_a_target_outside_its_window_is_refused(engine: Engine) -> None:
    with pytest.raises(ModelError, match="target 2 of a window of 2"):
        engine.score([WindowRequest(conversation(engine, 2), (2,))])


def test_the_version_names_the_weights(engine: Engine, tmp_path: Path) -> None:
    name, _, digest = engine.version.partition("+")
    assert name.startswith("tmsam-")
    assert len(digest) == 8
    assert len(engine.stamp) == 8
    same = load_engine(write_checkpoint(tmp_path / "same", "stream"), device="cpu", threads=1)
    again = load_engine(tmp_path / "same", device="cpu", threads=1)
    assert (same.version, same.stamp) == (again.version, again.stamp)


def test_probabilities_are_those_of_the_calibration(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, "stream")
    plain = load_engine(folder, "cpu", threads=1)
    emotion = TaskCalibration(
        temperature=1.0, noise=0.5, shares=(0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)
    )
    calibration = Calibration(sentiment=TaskCalibration(temperature=2.0), emotion=emotion)
    write_card(folder, read_card(folder).model_copy(update={"calibration": calibration}))
    calibrated = load_engine(folder, "cpu", threads=1)
    window = [WindowRequest(conversation(plain, 3), (2,))]
    ((before,),), ((after,),) = plain.score(window), calibrated.score(window)
    roots = np.sqrt(before.sentiment)  # softmax(x / 2) is softmax(x) ** (1 / 2), normalised
    np.testing.assert_allclose(after.sentiment, roots / roots.sum(), atol=1e-6)
    mixed = 0.5 * np.array(before.emotion) + 0.5 * np.array(emotion.shares)
    np.testing.assert_allclose(after.emotion, mixed, atol=1e-6)
    assert after.modalities == before.modalities
    assert calibrated.version != plain.version


def test_a_gpu_that_is_not_there_is_asked_for_in_vain_and_one_warning_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    engine = load_engine(write_checkpoint(tmp_path, "stream"), "cuda", threads=1)
    assert engine.device == "cpu"
    assert engine.score([WindowRequest(conversation(engine, 2), (1,))])
    (warning,) = [own for own in caplog.records if own.levelname == "WARNING"]
    assert "finds no GPU" in warning.message or "without CUDA" in warning.message


@pytest.mark.parametrize("device", ["auto", "cuda"])
@pytest.mark.parametrize(
    ("name", "breaks"), [("auto", "models.engine.Cuda"), ("window", "models.engine.WindowEngine")]
)
def test_a_gpu_that_fails_gives_way_to_the_cpu_and_one_warning_says_why(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    device: DeviceName,
    name: EngineName,
    breaks: str,
) -> None:
    def made(*given: object) -> WindowEngine:
        if torch.device("cpu") in given:
            return WindowEngine(*given)  # type: ignore[arg-type]
        raise torch.cuda.OutOfMemoryError("CUDA out of memory: 1 GiB asked for")

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(breaks, made)
    engine = load_engine(write_checkpoint(tmp_path, "stream"), device, threads=1, name=name)
    assert engine.device == "cpu"
    assert engine.score([WindowRequest(conversation(engine, 2), (1,))])
    (warning,) = [own for own in caplog.records if own.levelname == "WARNING"]
    assert "CUDA out of memory: 1 GiB asked for" in warning.message


def test_auto_says_why_it_runs_on_the_cpu(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with caplog.at_level("INFO", logger="models.engine"):
        load_engine(write_checkpoint(tmp_path, "stream"), threads=1)
    assert "inference on the CPU" in caplog.text
    assert not [own for own in caplog.records if own.levelname == "WARNING"]


def test_a_task_that_was_not_trained_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_checkpoint(tmp_path / "own", tiny_network("stream"), "half", OF_SENTIMENT, {})
    load_engine(tmp_path / "own", "cpu", threads=1)
    (warning,) = [own for own in caplog.records if own.levelname == "WARNING"]
    assert "was not trained for emotion: what it says of it means nothing" in warning.message


def test_the_tiny_network_has_the_form_of_its_preset() -> None:
    assert tiny_network("stream").config.causal
    assert not tiny_network("default").config.causal
