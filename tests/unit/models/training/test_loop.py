"""A run learns, ends when it should, and goes on after a kill as if nothing had happened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.errors import TrainingDivergedError, TrainingInterruptedError, TrainingStateError
from models.systems import System
from models.training.batches import Batch
from models.training.config import TrainingConfig
from models.training.learner import Learner, make_learner
from models.training.loop import StepReport, Training
from models.training.sources import Source
from models.training.state import EpochReport
from models.training.validation import Validation, validate
from tests.unit.models.training.toy import LEARNING, TINY, toy_config, toy_source

CPU = torch.device("cpu")


class Heard:
    """An observer that remembers; it may raise at a step, as a kill would."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.steps: list[StepReport] = []
        self.epochs: list[EpochReport] = []
        self._kill_at = kill_at

    def stepped(self, report: StepReport) -> None:
        self.steps.append(report)
        if len(self.steps) == self._kill_at:
            raise SystemExit("killed")

    def ended_epoch(self, report: EpochReport) -> None:
        self.epochs.append(report)


def training(
    config: TrainingConfig,
    sources: Sequence[Source],
    state: Path | None = None,
    heard: Heard | None = None,
    stop: Callable[[], bool] = lambda: False,
    change: Callable[[Learner], Learner] = lambda learner: learner,
    judge: Callable[[System], Validation] | None = None,
) -> Training:
    def judged(system: System) -> Validation:
        return validate(system, sources, config.model.tasks, config.validation)

    learner = change(make_learner(config, sources, CPU))
    return Training(learner, sources, config, judge or judged, state, [heard or Heard()], stop)


def weights(system: System) -> dict[str, Tensor]:
    return {name: own.clone() for name, own in system.state_dict().items()}


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def with_average(learner: Learner) -> Learner:
    return Learner(learner.system, learner.optimiser, learner.loss, learner.rate, average=0.9)


def test_a_loss_that_is_no_number_ends_the_run_before_anything_is_kept(tmp_path: Path) -> None:
    def diverging(learner: Learner) -> Learner:
        return replace(learner, loss=lambda batch: learner.loss(batch) * float("nan"))

    state = tmp_path / "state.safetensors"
    with pytest.raises(TrainingDivergedError, match=r"epoch 1, step 1.*optimiser\.learning_rate"):
        training(toy_config(), [toy_source()], state, change=diverging).run()
    assert not state.exists()


@pytest.mark.parametrize("change", [lambda learner: learner, with_average])
@pytest.mark.parametrize("broken", [float("nan"), float("inf"), -1e30])
def test_weights_that_the_last_step_broke_are_neither_judged_nor_kept(
    tmp_path: Path, change: Callable[[Learner], Learner], broken: float
) -> None:
    class Breaking(Heard):
        def stepped(self, report: StepReport) -> None:
            super().stepped(report)
            if report.step == report.steps:
                with torch.no_grad():
                    run.system.get_parameter("network.missing").fill_(broken)

    def judge(_: System) -> Validation:
        pytest.fail("weights that are no numbers were judged")

    state = tmp_path / "state.safetensors"
    run = training(toy_config(), [toy_source()], state, Breaking(), change=change, judge=judge)
    with pytest.raises(TrainingDivergedError, match=r"network\.missing are no numbers.*epoch 1"):
        run.run()
    assert not state.exists()


@pytest.mark.parametrize("change", [lambda learner: learner, with_average])
@pytest.mark.parametrize("kill_at", [1, 5, 6, 10])
def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(
    tmp_path: Path, kill_at: int, change: Callable[[Learner], Learner]
) -> None:
    schedule = {"epochs": 3, "state_every_steps": 2, "warm_up": 0.2, "decay": "linear"}
    config = toy_config(schedule=schedule)
    sources = [toy_source(), toy_source("other", batch=8, seed=1)]
    whole = training(config, sources, change=change)
    wanted = weights(whole.run())
    assert len(whole.history) == 3

    state = tmp_path / "state.safetensors"
    killed = training(config, sources, state, Heard(kill_at), change=change)
    with pytest.raises(SystemExit):
        killed.run()
    torch.manual_seed(99)
    again = training(config, sources, state, change=change)
    if kill_at == 1:
        with pytest.raises(TrainingStateError, match="nothing to go on with"):
            again.resume()
        return
    again.resume()
    assert same(weights(again.run()), wanted)
    assert again.history == whole.history


def test_a_run_that_is_asked_to_end_keeps_its_last_step(tmp_path: Path) -> None:
    config, sources = toy_config(), [toy_source()]
    wanted = weights(training(config, sources).run())
    heard = Heard()
    state = tmp_path / "state.safetensors"
    asked = training(config, sources, state, heard, stop=lambda: len(heard.steps) == 3)
    with pytest.raises(TrainingInterruptedError, match="in epoch 1 after 3 of 4 steps"):
        asked.run()
    again = training(config, sources, state, rest := Heard())
    again.resume()
    assert same(weights(again.run()), wanted)
    assert (rest.steps[0].epoch, rest.steps[0].step) == (1, 4)


def test_a_run_that_ended_is_not_trained_further(tmp_path: Path) -> None:
    config, sources = toy_config(), [toy_source()]
    state = tmp_path / "state.safetensors"
    wanted = weights(training(config, sources, state).run())
    again = training(config, sources, state, heard := Heard())
    again.resume()
    assert same(weights(again.run()), wanted)
    assert not heard.steps


def test_a_state_of_other_data_or_another_system_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    training(toy_config(), [toy_source()], state).run()
    with pytest.raises(TrainingStateError, match="the data are not those"):
        training(toy_config(), [toy_source(seed=1)], state).resume()
    wider = toy_config(model={"sizes": {**TINY, "post_width": 9}})
    with pytest.raises(TrainingStateError, match="is of another system"):
        training(wider, [toy_source()], state).resume()
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(TrainingStateError, match="damaged"):
        training(toy_config(), [toy_source()], state).resume()


def test_a_seed_gives_the_same_weights_whatever_chance_did_before() -> None:
    runs = []
    for before, seed in ((1, 0), (2, 0), (1, 1)):
        torch.manual_seed(before)
        runs.append(weights(training(toy_config(seed=seed), [toy_source()]).run()))
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_a_tiny_network_learns_what_can_be_learned() -> None:
    config = toy_config(**LEARNING, schedule={"epochs": 9, "patience": 9})
    heard = Heard()
    training(config, [toy_source(conversations=32)], heard=heard).run()
    assert [report.epoch for report in heard.epochs] == list(range(1, 10))
    assert heard.epochs[-1].loss < 0.5 * heard.epochs[0].loss
    assert max(report.validation for report in heard.epochs) > 0.75
    assert heard.epochs[0].measures.keys() == {
        f"toy/{way}/{task}" for way in ("all", "text") for task in ("sentiment", "emotion")
    }


def test_a_run_ends_when_validation_no_longer_rises_and_keeps_the_best() -> None:
    scores = iter([0.2, 0.5, 0.4, 0.5, 0.3])
    seen: list[dict[str, Tensor]] = []

    def judge(system: System) -> Validation:
        seen.append(weights(system))
        return Validation(next(scores), {})

    config = toy_config(schedule={"epochs": 9, "patience": 3})
    heard = Heard()
    kept = training(config, [toy_source()], heard=heard, judge=judge).run()
    assert [report.best for report in heard.epochs] == [True, True, False, False, False]
    assert same(weights(kept), seen[1])
    assert not kept.training


def test_the_average_is_what_is_judged_and_kept() -> None:
    config = toy_config(schedule={"epochs": 1})
    plain = weights(training(config, [toy_source()]).run())
    fresh = weights(make_learner(config, [toy_source()], CPU).system)
    kept = weights(training(config, [toy_source()], change=with_average).run())
    name = "network.missing"
    moved, averaged = plain[name] - fresh[name], kept[name] - fresh[name]
    assert 0 < averaged.norm() < 0.5 * moved.norm()


def test_a_single_task_leaves_the_other_head_as_it_began() -> None:
    config = toy_config(model={"sizes": TINY, "tasks": ["emotion"]})
    fresh = weights(make_learner(config, [toy_source()], CPU).system)
    heard = Heard()
    trained = weights(training(config, [toy_source()], heard=heard).run())
    for name in trained:
        if name.startswith("network.heads."):
            assert torch.equal(trained[name], fresh[name]) == name.startswith("network.heads.0.")
    assert all(name.endswith("/emotion") for name in heard.epochs[0].measures)


def test_learning_rate_warms_up_and_falls() -> None:
    config = toy_config(schedule={"epochs": 2, "warm_up": 0.5, "decay": "linear"})
    heard = Heard()
    training(config, [toy_source()], heard=heard).run()
    rates = [report.learning_rate / 5e-3 for report in heard.steps]
    assert rates == pytest.approx([0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25])


def test_gradients_are_bounded_as_configured() -> None:
    def first_move(norm: float) -> float:
        config = toy_config(
            optimiser={"learning_rate": 1.0, "gradient_norm": norm}, schedule={"epochs": 1}
        )

        def sgd(learner: Learner) -> Learner:
            plain = torch.optim.SGD(learner.system.parameters(), lr=1.0)
            return Learner(learner.system, plain, learner.loss)

        before = weights(make_learner(config, [toy_source()], CPU).system)
        heard = Heard(kill_at=1)
        run = training(config, [toy_source()], heard=heard, change=sgd)
        with pytest.raises(SystemExit):
            run.run()
        after = weights(run.system)
        moved = sum(float((after[name] - before[name]).square().sum()) for name in before)
        assert heard.steps[0].gradient_norm > 0.01
        return float(moved**0.5)

    assert first_move(0.01) == pytest.approx(0.01, rel=1e-2)
    assert first_move(0.0) > 0.02


def test_what_a_loss_is_given_is_a_batch_of_one_source_with_modalities_hidden() -> None:
    seen: list[Batch] = []

    def watched(learner: Learner) -> Learner:
        def loss(batch: Batch) -> Tensor:
            seen.append(batch)
            return learner.loss(batch)

        return Learner(learner.system, learner.optimiser, loss)

    config = toy_config(modality_dropout={"audio_drop": 1.0, "visual_noise": 0.0})
    training(config, [toy_source(), toy_source("other", batch=8)], change=watched).run()
    assert {len(batch.features) for batch in seen} == {4, 8}
    assert {name for batch in seen for own in batch.features for post in own for name in post} == {
        "text"
    }
