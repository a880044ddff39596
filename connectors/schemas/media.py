"""What a raw post shows or plays: a place on the web, or the bytes themselves.

Not for fetching or decoding it: `connectors.extraction` does that.
"""

from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

import pybase64
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MediaKind = Literal["audio", "image", "video"]

DATA_MAX_BYTES: Final = 4 * 1024 * 1024
URL_MAX_CHARACTERS: Final = 2048
_BASE64_MAX_CHARACTERS: Final = (DATA_MAX_BYTES + 2) // 3 * 4


class Media(BaseModel):
    """One recording, picture or film of a post, by its address or as its bytes."""

    model_config = ConfigDict(
        extra="ignore",
        strict=True,
        frozen=True,
        json_schema_extra={
            "oneOf": [
                {
                    "required": [name],
                    "properties": {name: {"type": "string"}, other: {"const": None}},
                }
                for name, other in (("url", "data"), ("data", "url"))
            ]
        },
    )

    kind: MediaKind
    url: Annotated[str, Field(min_length=1, max_length=URL_MAX_CHARACTERS)] | None = Field(
        default=None, description="http or https; either this or `data`"
    )
    data: Annotated[str, Field(max_length=_BASE64_MAX_CHARACTERS)] | None = Field(
        default=None,
        repr=False,
        description=f"the file in base64, at most {DATA_MAX_BYTES} bytes; either this or `url`",
        json_schema_extra={"contentEncoding": "base64"},
    )
    content_type: Annotated[str, Field(max_length=128)] | None = Field(
        default=None, description="as its maker says, such as `image/jpeg`; the bytes decide"
    )

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
                raise ValueError("must be an http or https address with a host")
        return url

    @field_validator("data")
    @classmethod
    def _base64(cls, data: str | None) -> str | None:
        if data is not None:
            try:
                held = pybase64.b64decode(data, validate=True)
            except ValueError as error:
                raise ValueError(f"is not base64: {error}") from error
            if not held:
                raise ValueError("is empty")
        return data

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.url is None) == (self.data is None):
            raise ValueError("exactly one of url and data must be given")
        return self

    def held_bytes(self) -> bytes | None:
        """The bytes that came with the post; None where `url` says where they are."""
        return None if self.data is None else pybase64.b64decode(self.data, validate=True)
