"""What a training run is told: data, system, optimiser, schedule. Not for files: `config_file`.

The defaults of the optimiser are the paper's (Table III).
"""

from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from models.device import DeviceName
from models.presets import PRESETS, PresetName, TextGraph, TmsamConfig
from models.systems import SystemName
from models.tuning.settings import TuningSettings

Task = Literal["sentiment", "emotion"]
SourceKind = Literal["meld", "meld_official", "goemotions", "csmv", "mosi"]
Precision = Literal["auto", "float32", "bfloat16"]
Imbalance = Literal["none", "inverse_sqrt", "focal"]

ENCODER_NAMES: Final = ("base", "shipped")
_WITH_FEATURES: Final = ("meld", "mosi")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSource(_Table):
    """One data set: an entry of `[[data.sources]]`.

    Attributes:
        kind: which reader takes it.
        name: what the run calls it; the kind where nothing else is said.
        path: its csv, parquet or folder; `--data NAME=PATH` gives it too.
        features: npz beside it (`meld`: audio, may be left out; `mosi`: all three modalities);
            `--data NAME.features=PATH` gives it too.
        weight: passes over it in an epoch; 0.25 is a quarter, drawn anew each epoch.
        batch: conversations a step; the optimiser's where nothing else is said.
        until: last epoch that trains on it; in all where nothing is said.
        max_posts: train on whole conversations of at most so many posts.
        sample_seed: which ones; the run's own seed does not change them.
    """

    kind: SourceKind
    name: str = Field("", pattern=r"^[A-Za-z0-9_-]*$")
    path: Path | None = None
    features: Path | None = None
    weight: float = Field(1.0, gt=0, allow_inf_nan=False)
    batch: PositiveInt | None = None
    until: PositiveInt | None = None
    max_posts: PositiveInt | None = None
    sample_seed: int = Field(0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and not fields.get("name"):
            return {**fields, "name": fields.get("kind", "")}
        return fields

    @model_validator(mode="after")
    def _features_fit(self) -> Self:
        if self.features is not None and self.kind not in _WITH_FEATURES:
            raise ValueError(f"{self.kind} has no features beside its file")
        return self


class DataConfig(_Table):
    """`[data]`: what is trained on; the same names cannot come twice."""

    sources: tuple[DataSource, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError(f"two sources have one name: {', '.join(names)}; give each its own")
        return self


class ModelConfig(_Table):
    """`[model]`: what is trained.

    Attributes:
        system: the network or one of the baselines.
        preset: sizes and form.
        tasks: those whose labels count; a head that is not among them stays as it began.
        text_graph: what joins the tokens of a text.
        sizes: fields of `TmsamConfig` that differ from the preset's, such as `dropout`.
        go_on: begin with the network of the checkpoint that `text_encoder` names, with its
            statistics of the inputs, and not with fresh weights.
    """

    system: SystemName = "tmsam"
    preset: PresetName = "stream"
    tasks: tuple[Task, ...] = Field(("sentiment", "emotion"), min_length=1)
    text_graph: TextGraph = "chain"
    sizes: dict[str, int | float | bool | tuple[int, int]] = Field(default_factory=dict)
    go_on: bool = False

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if len(set(self.tasks)) < len(self.tasks):
            raise ValueError("a task is named twice")
        unknown = set(self.sizes) - set(TmsamConfig.model_fields)
        if unknown:
            raise ValueError(f"unknown sizes {sorted(unknown)}")
        self.network(PRESETS[self.preset].widths)
        return self

    def network(self, widths: tuple[int, int, int]) -> TmsamConfig:
        """Sizes and form for inputs of these widths of text, audio and visual."""
        preset = PRESETS[self.preset].with_widths(widths)
        fields = {**preset.model_dump(), "text_graph": self.text_graph, **self.sizes}
        return TmsamConfig.model_validate(fields)


class OptimiserConfig(_Table):
    """`[optimiser]`: one step.

    Attributes:
        name: `adam` adds the decay to the gradient, as the paper does; `adamw` to the weights.
        learning_rate: highest of the schedule.
        l2: weight decay.
        batch: conversations a step.
        gradient_norm: gradients are scaled down to this norm; 0: left as they are.
    """

    name: Literal["adam", "adamw"] = "adam"
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False)
    l2: float = Field(1e-5, ge=0, allow_inf_nan=False)
    batch: PositiveInt = 32
    gradient_norm: float = Field(1.0, ge=0, allow_inf_nan=False)


class LossConfig(_Table):
    """`[loss]`: what a step makes smaller.

    Attributes:
        kind: the paper's Eq. 10, or the one that its Table III names.
        imbalance: `inverse_sqrt` weighs classes by the inverse square root of their share in
            each data set; `focal` weighs posts down that are already right (Lin et al. 2017, ICCV).
        focal_gamma: how much.
    """

    kind: Literal["cross_entropy", "binary_cross_entropy"] = "cross_entropy"
    imbalance: Imbalance = "none"
    focal_gamma: float = Field(2.0, ge=0, allow_inf_nan=False)


class ScheduleConfig(_Table):
    """`[schedule]`: how long.

    Attributes:
        epochs: most of them.
        patience: epochs without a better validation after which it ends.
        warm_up: share of all steps in which the learning rate rises from 0.
        decay: how it falls after, to 0 at the last step of the last epoch.
        state_every_steps: steps after which the run is saved, beside each epoch's end.
    """

    epochs: PositiveInt = 20
    patience: PositiveInt = 4
    warm_up: float = Field(0.0, ge=0, lt=1)
    decay: Literal["none", "linear", "cosine"] = "none"
    state_every_steps: PositiveInt = 500


class ValidationConfig(_Table):
    """`[validation]`: which epoch is kept, by the dev split alone.

    Attributes:
        measure: averaged over the tasks.
        source: the source that decides; without one, the mean over all.
        text_alone: count how it does with text alone as much as with all modalities, since most
            posts carry text alone.
    """

    measure: Literal["weighted_f1", "macro_f1", "accuracy"] = "weighted_f1"
    source: str | None = None
    text_alone: bool = True


class ModalityDropout(_Table):
    """`[modality_dropout]`: what training hides, so that posts without it are understood.

    Attributes:
        audio_drop: share of conversations trained as if without audio; most posts carry none.
        text_drop: share of posts with audio trained as if without text.
        visual_noise: share of conversations given random visual features. Where the data have no
            video, this keeps the untrained branch from hurting: the network learns to ignore it.
    """

    audio_drop: float = Field(0.5, ge=0, le=1)
    text_drop: float = Field(0.05, ge=0, le=1)
    visual_noise: float = Field(0.3, ge=0, le=1)


class TrainingConfig(_Table):
    """A whole run.

    Attributes:
        seed: of weights, order and dropout.
        device: `auto` takes a GPU where one answers.
        precision: `auto` is bfloat16 on a GPU and float32 on a CPU.
        text_encoder: what reads texts and stays as it is: `base`, all-MiniLM-L6-v2 as it was
            published; `shipped`, that of the package's checkpoint; or a checkpoint's folder. What
            is trained gets a copy.
        tuning: how a text encoder is trained with the system, in place of one that stays.
    """

    seed: int = Field(0, ge=0, lt=2**32)
    device: DeviceName = "auto"
    precision: Precision = "auto"
    data: DataConfig
    model: ModelConfig = ModelConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    loss: LossConfig = LossConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    validation: ValidationConfig = ValidationConfig()
    modality_dropout: ModalityDropout = ModalityDropout()
    text_encoder: str = Field("base", min_length=1)
    tuning: TuningSettings | None = None

    @model_validator(mode="after")
    def _a_source_lasts(self) -> Self:
        if all(source.until is not None for source in self.data.sources):
            raise ValueError("a source must last through all epochs: leave out its `until`")
        return self

    @model_validator(mode="after")
    def _tuning_fits(self) -> Self:
        if self.tuning is None:
            return self
        if self.text_encoder != "base":
            raise ValueError("tuning.encoder names what tuning begins with: leave out text_encoder")
        if self.model.system != "tmsam":
            raise ValueError(f"tuning is for the system tmsam, not for {self.model.system}")
        if self.optimiser.name != "adamw":
            raise ValueError('tuning needs optimiser.name = "adamw"')
        if self.tuning.network and self.model.text_graph != "chain":
            raise ValueError('tuning has no dependency trees: model.text_graph must be "chain"')
        return self

    @model_validator(mode="after")
    def _there_is_something_to_go_on_with(self) -> Self:
        if not self.model.go_on:
            return self
        if self.model.system != "tmsam" or self.tuning is not None:
            raise ValueError("model.go_on is for the system tmsam without a [tuning] table")
        if self.text_encoder == "base":
            raise ValueError(
                'model.go_on needs the checkpoint: text_encoder = "shipped", or its folder'
            )
        return self

    @model_validator(mode="after")
    def _validation_source_is_one(self) -> Self:
        names = [source.name for source in self.data.sources]
        if self.validation.source not in (*names, None):
            raise ValueError(
                f"validation.source is {self.validation.source!r}; "
                f"the sources are {', '.join(names)}"
            )
        return self
