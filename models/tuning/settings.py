"""How a text encoder is fine-tuned: the `[tuning]` table of a training configuration."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.tuning.encoders import EncoderName
from models.tuning.reading import Reading


class TuningSettings(BaseModel):
    """Settings of the encoder under the network; without them its features stay as they are.

    Attributes:
        encoder: which pre-trained encoder it begins with.
        reading: `post`: a post alone, what can be served; `conversation`: with its neighbours.
        network: put the network on the encoder's token vectors; without it a dense layer on
            their mean is the whole classifier.
        learning_rate: of the encoder's last layer.
        layer_decay: each layer below learns this much slower (Howard & Ruder 2018).
        weight_decay: of AdamW, on matrices alone.
        warm_up: share of the steps in which the learning rates rise; they fall to 0 after.
        average: decay of the running average of the weights, which is what is kept
            (Polyak & Juditsky 1992).
        auxiliary: weight of the loss of a dense layer on the mean token vector, which teaches the
            encoder directly (deep supervision, Lee et al. 2015). Not read without the network.
        start: state file of an earlier run whose encoder this one begins with.
        teacher: file of a teacher's logits, see `models.tuning.distillation`.
        distillation: weight of the teacher's loss.
        temperature: both softmaxes are divided by it (Hinton et al. 2015).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: EncoderName = "minilm"
    reading: Reading = "post"
    network: bool = True
    learning_rate: float = Field(7e-5, gt=0)
    layer_decay: float = Field(0.9, gt=0, le=1)
    weight_decay: float = Field(0.01, ge=0)
    warm_up: float = Field(0.06, ge=0, lt=1)
    average: float = Field(0.995, ge=0, lt=1)
    auxiliary: float = Field(0.5, ge=0)
    start: Path | None = None
    teacher: Path | None = None
    distillation: float = Field(1.0, ge=0)
    temperature: float = Field(2.0, gt=0)
    precision: Literal["float32", "bfloat16"] = "float32"
