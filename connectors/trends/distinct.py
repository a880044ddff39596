"""How many conversations and authors a track had, as it is answered. Pure."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from connectors.trends.counting import LANGUAGE, PLATFORM, Split
from connectors.trends.layout import Bucket

DistinctAnswers = Mapping[Split | None, tuple[int, int]]
STANDARD_ERROR = 0.0081  # of a HyperLogLog of 16,384 registers: 1.04 / sqrt(16,384)


class VoiceCounts(BaseModel):
    """Distinct conversations and authors."""

    model_config = ConfigDict(frozen=True)

    conversations: int = Field(ge=0)
    authors: int = Field(ge=0, description="0 where the deployment knows no authors")


class DistinctSplits(BaseModel):
    """Distinct counts within each platform and language; those kept shorter, so of own buckets.

    One who speaks on two platforms is counted in both.
    """

    model_config = ConfigDict(frozen=True)

    resolution: str
    start: int = Field(description="start of the first bucket that is in, Unix seconds")
    platforms: dict[str, VoiceCounts]
    languages: dict[str, VoiceCounts]


class DistinctCounts(BaseModel):
    """Distinct conversations and authors over a range, estimated by HyperLogLog.

    One estimate in three is off by more than 0.81 %; small counts are almost exact. Where
    conversations were sampled these are of those that were scored alone: lower bounds.
    """

    model_config = ConfigDict(frozen=True)

    track: str
    resolution: str
    start: int = Field(description="start of the first bucket that is in, Unix seconds")
    end: int = Field(description="end of the range, exclusive: no bucket starts here or later")
    sampled: bool = Field(description="whether some conversations were shed in the range")
    conversations: int = Field(ge=0)
    authors: int = Field(ge=0, description="0 where the deployment knows no authors")
    within: DistinctSplits


def assemble_distinct(
    track: str,
    end: int,
    whole: Sequence[Bucket],
    within: Sequence[Bucket],
    counts: DistinctAnswers,
    *,
    sampled: bool,
) -> DistinctCounts:
    """What is answered of the estimates that Redis makes.

    Args:
        track: name of the track.
        end: of the range, exclusive, Unix seconds.
        whole: buckets that counts of all posts are of.
        within: buckets that those by platform and language are of.
        counts: conversations and authors of all posts, under None, and of each split.
        sampled: whether some conversations were shed in the range.
    """
    found = {
        split: VoiceCounts(conversations=conversations, authors=authors)
        for split, (conversations, authors) in counts.items()
    }

    def of(wanted: str) -> dict[str, VoiceCounts]:
        own = {split[1]: counts for split, counts in found.items() if split and split[0] == wanted}
        heard = {value: each for value, each in own.items() if each.conversations}
        return dict(sorted(heard.items(), key=lambda each: (-each[1].conversations, each[0])))

    return DistinctCounts(
        track=track,
        resolution=whole[0].resolution,
        start=whole[0].start,
        end=end,
        sampled=sampled,
        conversations=found[None].conversations,
        authors=found[None].authors,
        within=DistinctSplits(
            resolution=within[0].resolution,
            start=within[0].start,
            platforms=of(PLATFORM),
            languages=of(LANGUAGE),
        ),
    )
