"""How a text encoder is fine-tuned: the `[tuning]` table of a training configuration."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.tuning.encoders import EncoderName
from models.tuning.reading import Reading


class TuningSettings(BaseModel):
    """Settings of the encoder under the network; without them its features stay as they are.

    Attributes:
        encoder: which pre-trained encoder it begins with.
        reading: `post`: a post alone, what can be served; `context`: behind the posts before it;
            `conversation`: among all posts of its conversation.
        context: posts before it, for the reading `context`.
        authors: put the author's name before each text, where the data have it.
        network: put the network on the encoder's token vectors; without it a dense layer on
            their mean is the whole classifier.
        learning_rate: of the encoder's last layer; `optimiser` has that of all the rest.
        dropout: share of activations that the encoder drops while it learns.
        frozen: layers, from the lowest, that stay as they were, and the embeddings with them; 0:
            all learn.
        layer_decay: each layer below learns this much slower (Howard & Ruder 2018).
        average: decay of the running average of the weights, which is what is kept
            (Polyak & Juditsky 1992).
        auxiliary: weight of the loss of a dense layer on the mean token vector, which teaches the
            encoder directly (deep supervision, Lee et al. 2015). Not read without the network.
        teachers: files of teachers' logits, see `models.tuning.distillation`, or names of those
            that the package carries; a post is taught the mean of those that know it.
        distillation: weight of the teachers' loss.
        temperature: both softmaxes are divided by it (Hinton et al. 2015).
        precision: of the encoder's products; bfloat16 pays where the processor computes in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: EncoderName = "minilm"
    reading: Reading = "post"
    context: int = Field(6, ge=0)
    authors: bool = False
    network: bool = True
    learning_rate: float = Field(7e-5, gt=0)
    dropout: float = Field(0.1, ge=0, lt=1)
    frozen: int = Field(0, ge=0)
    layer_decay: float = Field(0.9, gt=0, le=1)
    average: float = Field(0.995, ge=0, lt=1)
    auxiliary: float = Field(0.5, ge=0)
    teachers: tuple[str, ...] = ()
    distillation: float = Field(1.0, ge=0)
    temperature: float = Field(2.0, gt=0)
    precision: Literal["float32", "bfloat16"] = "float32"

    @model_validator(mode="after")
    def _what_is_served_reads_texts_alone(self) -> Self:
        if self.network and (self.reading != "post" or self.authors):
            raise ValueError(
                'the network stands on posts read alone: reading = "post" and authors = false, '
                "or network = false"
            )
        return self
