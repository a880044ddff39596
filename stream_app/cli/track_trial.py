"""Rules tried on a file of posts, for `voxpop tracks check --posts`."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import typer

from connectors.tracks.rules import Rules
from connectors.tracks.watched import text_of_post
from stream_app.cli.post_lines import numbered_lines, parsed, text_of


@dataclass(slots=True)
class Trial:
    """How many posts each track would have.

    Attributes:
        posts: lines that are raw posts with a text.
        without: of those, in no track.
        passed_over: lines that are none.
        by_track: track -> posts, also where it is 0.
    """

    posts: int = 0
    without: int = 0
    passed_over: int = 0
    by_track: Counter[str] = field(default_factory=Counter)


def tried(rules: Rules, path: Path) -> Trial:
    """Try rules on every raw post of a JSONL file."""
    trial = Trial(by_track=Counter(dict.fromkeys(rules.tracks, 0)))
    for _, line in numbered_lines(path):
        try:
            post = parsed(line)
            text_of(post)
        except ValueError:
            trial.passed_over += 1
            continue
        found = rules.match(text_of_post(post))
        trial.posts += 1
        trial.without += not found
        trial.by_track.update(found)
    return trial


def print_trial(trial: Trial) -> None:
    """Print a line a track, the most posts first."""
    for track, posts in trial.by_track.most_common():
        typer.echo(f"{posts:>9,}  {track}")
    typer.echo(f"{trial.posts:,} posts, {trial.without:,} of them in no track")
    if trial.passed_over:
        typer.secho(
            f"{trial.passed_over:,} lines are no raw posts with a text",
            fg=typer.colors.YELLOW,
            err=True,
        )
