"""The work of `voxpop features paper`: a file of raw posts to one of envelopes.

Not for a post's features: those are `connectors.extraction.paper`'s.
"""

from dataclasses import dataclass, field
from pathlib import Path

import orjson

from connectors.extraction.paper.glove import read_glove
from connectors.extraction.paper.posts import PaperFeatures
from connectors.extraction.paper.words import words
from connectors.schemas.feature_sets import PAPER
from stream_app.cli.post_lines import numbered_lines, parsed


@dataclass(slots=True)
class PaperFile:
    """What became of a file.

    Attributes:
        written: posts.
        faults: a line each for people, `line 3: …`.
    """

    written: int = 0
    faults: list[str] = field(default_factory=list)


def write_paper_posts(
    posts: Path, envelopes: Path, glove: Path, covarep: Path | None, facet: Path | None
) -> PaperFile:
    """Read the posts twice: for their words, then one by one.

    Args:
        posts: JSONL.
        envelopes: overwritten.
        glove: as `read_glove` takes it.
        covarep: as `PaperFeatures` takes it.
        facet: likewise.

    Raises:
        FeatureFileError: the word vectors cannot be used.
        OSError: a file cannot be read or written.
    """
    maker = PaperFeatures(read_glove(glove, _wanted(posts), PAPER.widths["text"]), covarep, facet)
    done = PaperFile()
    with envelopes.open("wb") as out:
        for number, line in numbered_lines(posts):
            try:
                out.write(orjson.dumps(maker.envelope(parsed(line))) + b"\n")
            except ValueError as error:
                done.faults.append(f"line {number}: {error}")
            else:
                done.written += 1
    return done


def _wanted(posts: Path) -> set[str]:
    """Every word of the posts, also in lower case."""
    wanted: set[str] = set()
    for _, line in numbered_lines(posts):
        try:
            text = parsed(line).get("text")
        except ValueError:
            continue
        if isinstance(text, str):
            for word in words(text):
                wanted |= {word, word.lower()}
    return wanted
