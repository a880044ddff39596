"""Sizes of the network: the presets `paper`, `default` and `stream`.

Not for how it is trained: that is `models.training.config`.
"""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from connectors.schemas.feature_sets import DEFAULT, FEATURE_SETS, PAPER
from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS

PresetName = Literal["paper", "default", "stream"]
TextGraph = Literal["chain", "dependencies"]
CUSTOM: Final = "custom"


class TmsamConfig(BaseModel):
    """Sizes and form of one network; Table III of the paper unless a preset says otherwise.

    Attributes:
        preset: name of the preset it was made from.
        feature_set: `name@version` of the tensors it reads; gives the input widths. `custom`:
            tensors of another kind, which no envelope carries; then `input_widths` does.
        input_widths: numbers a step of text, audio and visual; None: those of the feature set.
        causal: one-way context and attention over the posts before, so that a later post
            never changes an earlier score.
        residual: each attention adds its query's own vector to what it gathered. Without it a
            post that has text alone reaches the heads only as an average over the conversation.
        text_graph: what joins the tokens of a text: its dependency tree where posts have one, or
            neighbours. Without a tree it is always neighbours.
        post_width: numbers in the vector of one modality of one post.
        kernel: steps under the convolution; odd.
        context_width: numbers a post and modality after the recurrent context.
        cross_width, cross_heads: the cross-modal attention of one directed pair.
        self_width, self_heads: the self-attention of one modality; 400 does not divide by 6
            heads, so the inner width is 402.
        fusion_heads: heads of the self-attention over the three modalities joined.
        head_widths: the two hidden layers of a task's head.
        dropout: share of activations dropped in training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: PresetName
    feature_set: str
    causal: bool
    residual: bool
    input_widths: tuple[PositiveInt, PositiveInt, PositiveInt] | None = None
    text_graph: TextGraph = "chain"
    post_width: int = Field(200, ge=1)
    kernel: int = Field(3, ge=1)
    context_width: int = Field(400, ge=2)
    cross_width: int = Field(200, ge=1)
    cross_heads: int = Field(4, ge=1)
    self_width: int = Field(402, ge=1)
    self_heads: int = Field(6, ge=1)
    fusion_heads: int = Field(8, ge=1)
    head_widths: tuple[int, int] = (400, 200)
    dropout: float = Field(0.3, ge=0.0, lt=1.0)

    @model_validator(mode="after")
    def _fits_together(self) -> "TmsamConfig":
        if (self.feature_set == CUSTOM) != (self.input_widths is not None):
            raise ValueError(f"input_widths belong to the feature set {CUSTOM!r}, and it to them")
        if self.feature_set not in (*FEATURE_SETS, CUSTOM):
            raise ValueError(f"unknown feature set {self.feature_set!r}")
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, not {self.kernel}")
        if self.context_width != 2 * self.cross_width:
            raise ValueError("two directed pairs must join to context_width: 2 * cross_width")
        for name, width, heads in (
            ("cross", self.cross_width, self.cross_heads),
            ("self", self.self_width, self.self_heads),
            ("fusion", self.joined_width, self.fusion_heads),
        ):
            if width % heads:
                raise ValueError(
                    f"{name} attention: width {width} does not divide by {heads} heads"
                )
        return self

    @property
    def widths(self) -> tuple[int, int, int]:
        """Input width of text, audio and visual."""
        if self.input_widths is not None:
            return self.input_widths
        widths = FEATURE_SETS[self.feature_set].widths
        return widths["text"], widths["audio"], widths["visual"]

    def with_widths(self, widths: tuple[int, int, int]) -> "TmsamConfig":
        """The same form for inputs of these widths; itself where they are its own already."""
        if widths == self.widths:
            return self
        fields = {**self.model_dump(), "feature_set": CUSTOM, "input_widths": widths}
        return TmsamConfig.model_validate(fields)

    @property
    def joined_width(self) -> int:
        """Width of the three modalities joined."""
        return self.context_width * len(MODALITIES)

    @property
    def classes(self) -> tuple[int, int]:
        """Classes of the sentiment and of the emotion task."""
        return len(SENTIMENTS), len(EMOTIONS)


PRESETS: Final[dict[PresetName, TmsamConfig]] = {
    "paper": TmsamConfig(preset="paper", feature_set=PAPER.name, causal=False, residual=False),
    "default": TmsamConfig(preset="default", feature_set=DEFAULT.name, causal=False, residual=True),
    "stream": TmsamConfig(preset="stream", feature_set=DEFAULT.name, causal=True, residual=True),
}
