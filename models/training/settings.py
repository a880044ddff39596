"""How a network is trained: the paper's Table III where it says, and what this project adds."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.presets import PresetName


class TrainingSettings(BaseModel):
    """Hyperparameters of one run.

    Attributes:
        epochs: most passes over the training split.
        patience: epochs without a better validation score after which it ends.
        batch: conversations a step.
        learning_rate: of Adam.
        l2: Adam's weight decay.
        gradient_norm: gradients are scaled down to this norm.
        loss: the paper's Eq. 10, or the one that its Table III names.
        class_weights: weigh classes by the inverse square root of their share.
        audio_drop: share of conversations trained as if without audio; most posts carry none.
        text_drop: share of posts with audio trained as if without text.
        visual_noise: share of conversations given random visual features. Where the data have no
            video, this keeps the untrained branch from hurting: the network learns to ignore it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: PresetName = "stream"
    seed: int = 0
    epochs: int = Field(20, ge=1)
    patience: int = Field(4, ge=1)
    batch: int = Field(32, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    l2: float = Field(1e-5, ge=0)
    gradient_norm: float = Field(1.0, gt=0)
    loss: Literal["cross_entropy", "binary_cross_entropy"] = "cross_entropy"
    class_weights: bool = False
    audio_drop: float = Field(0.5, ge=0, le=1)
    text_drop: float = Field(0.05, ge=0, le=1)
    visual_noise: float = Field(0.3, ge=0, le=1)
