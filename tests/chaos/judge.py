"""The judgement of a run: what the ledger says must be there, beside what is.

Pure, and independent of the product's own arithmetic: of `connectors.trends` nothing is used.
Not for reading: that is `evidence`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Final

import orjson

from tests.chaos.findings import (
    Bucket,
    Conversation,
    Evidence,
    Letter,
    Shedding,
    Terms,
    Verdict,
)
from tests.chaos.posts import Place, Post
from tests.chaos.telltale import labels

WIDTHS_S: Final = {"10s": 10, "1m": 60, "1h": 3600, "1d": 86_400}
WINDOW: Final = 32
MARK_BYTES: Final = 1  # before a record in Redis: the post's sentiment
LABELLED: Final = ("sentiment:", "emotion:", "model:")
SHOWN: Final = 5

Scored = tuple[Place, Conversation, Sequence[int]]


def judge(
    due: Mapping[Place, Post],
    evidence: Evidence,
    records: Mapping[int, Sequence[bytes]],
    terms: Terms,
) -> Verdict:
    """Compare.

    Args:
        due: posts that the pipeline has to account for.
        evidence: what was found.
        records: pattern -> what each model of the run makes of it.
        terms: what cannot be asked of this run.
    """
    verdict = Verdict()
    weights = _weights(due, terms.shedding)
    shed = {place: due[place] for place in due.keys() - weights.keys()}
    due = {place: due[place] for place in weights}
    _judge_shed(shed, evidence, verdict)
    _judge_counts(due, weights, evidence, verdict)
    _judge_predictions(due, evidence, verdict)
    if not terms.windows_gone:
        _judge_copies(due, evidence, terms.scored_again, verdict)
    _judge_labels(due, weights, evidence, verdict)
    _judge_letters(due, evidence, verdict)
    if not terms.windows_gone:
        _judge_windows(_windows(due, shed), evidence, records, verdict)
    if not (terms.windows_gone or terms.several_models):
        _judge_results(_windows(due, shed), evidence, records, verdict)
    _judge_progress(evidence, verdict)
    return verdict


def _weights(due: Mapping[Place, Post], shedding: Shedding | None) -> dict[Place, int]:
    """What each post counts for; those that must have been shed are not in it."""
    weights = dict.fromkeys(due, 1)
    if shedding is None:
        return weights
    salt = blake2b(shedding.topic.encode()).digest()
    for place, post in due.items():
        if place.offset < shedding.since.get(place.partition, 0) or not post.key:
            continue
        named = blake2b(post.key, digest_size=8, key=salt).digest()
        if int.from_bytes(named, "big") % shedding.one_in:
            del weights[place]
        else:
            weights[place] = shedding.one_in
    return weights


def _judge_shed(shed: Collection[Place], evidence: Evidence, verdict: Verdict) -> None:
    """What is shed has no outcome that anybody could see."""
    seen = evidence.predictions.keys() | {letter.place for letter in evidence.letters}
    for place in seen.intersection(shed):
        verdict.double += 1
        _note(verdict, "shed", f"{place}: must have been shed")


def _judge_counts(
    due: Mapping[Place, Post], weights: Mapping[Place, int], evidence: Evidence, verdict: Verdict
) -> None:
    """Posts by track and bucket; the resolution with most faults tells how many."""
    expected: Counter[Bucket] = Counter()
    for place, post in due.items():
        expected.update(dict.fromkeys(_buckets(post), weights[place]))
    lost: Counter[str] = Counter()
    double: Counter[str] = Counter()
    for bucket in expected.keys() | evidence.buckets.keys():
        difference = evidence.buckets.get(bucket, {}).get("posts", 0) - expected[bucket]
        lost[bucket[1]] += max(-difference, 0)
        double[bucket[1]] += max(difference, 0)
        if difference:
            found = expected[bucket] + difference
            _note(verdict, "count", f"{bucket}: {found} posts, {expected[bucket]} were sent")
    verdict.lost += max(lost.values(), default=0)
    verdict.double += max(double.values(), default=0)


def _judge_copies(
    due: Mapping[Place, Post], evidence: Evidence, scored_again: bool, verdict: Verdict
) -> None:
    """Copies of a prediction are identical."""
    for place in due.keys() & evidence.predictions.keys():
        copies = evidence.predictions[place]
        results = set(_without_moments(copies) if scored_again else copies)
        if len(results) > 1:
            verdict.changed += 1
            _note(verdict, "copies", f"{place}: {len(results)} different results")


def _judge_predictions(due: Mapping[Place, Post], evidence: Evidence, verdict: Verdict) -> None:
    """Every valid post has one, and it is of that post."""
    for place, post in due.items():
        if post.reason is None and place not in evidence.predictions:
            verdict.lost += 1
            _note(verdict, "prediction", f"{place}: post {post.number} has none")
    for place, copies in evidence.predictions.items():
        sent = due.get(place)
        if sent is None or sent.reason is not None:
            verdict.double += sent is not None
            continue
        said = orjson.loads(copies[0])
        wanted = (sent.conversation, sorted(sent.tracks), sent.created_at)
        if (said["conversation_id"], sorted(said["tracks"]), said["created_at"]) != wanted:
            verdict.changed += 1
            _note(verdict, "prediction", f"{place}: is of another post")


def _judge_labels(
    due: Mapping[Place, Post], weights: Mapping[Place, int], evidence: Evidence, verdict: Verdict
) -> None:
    """Counts by label are those of the predictions, where the posts themselves are all there."""
    expected: dict[Bucket, Counter[str]] = {}
    for place, post in due.items():
        if post.reason is None and place in evidence.predictions:
            said, weight = orjson.loads(evidence.predictions[place][0]), weights[place]
            for bucket in _buckets(post):
                counts = expected.setdefault(bucket, Counter())
                counts["sentiment:" + said["sentiment"]["label"]] += weight
                counts["emotion:" + said["emotion"]["label"]] += weight
                counts["model:" + said["model_version"]] += weight
    for bucket, found in evidence.buckets.items():
        wanted = expected.get(bucket, Counter())
        held = {name: count for name, count in found.items() if name.startswith(LABELLED)}
        if found.get("posts", 0) == wanted.total() // 3 and held != wanted:
            verdict.changed += 1
            _note(verdict, "labels", f"{bucket}: {held}, the predictions say {dict(wanted)}")


def _judge_letters(due: Mapping[Place, Post], evidence: Evidence, verdict: Verdict) -> None:
    found: dict[Place, list[Letter]] = {}
    for letter in evidence.letters:
        found.setdefault(letter.place, []).append(letter)
    for place, post in due.items():
        letters = found.get(place, [])
        if post.reason is None:
            verdict.lost += bool(letters)
            if letters:
                _note(verdict, "letter", f"{place}: valid, refused as {letters[0].reason}")
        elif not letters:
            verdict.lost += 1
            _note(verdict, "letter", f"{place}: invalid ({post.reason}), and nowhere")
        elif any((each.key, each.value) != (post.key, post.value) for each in letters):
            verdict.changed += 1
            _note(verdict, "letter", f"{place}: is not what was sent")
        elif any(each.reason != post.reason for each in letters):
            verdict.changed += 1
            _note(verdict, "letter", f"{place}: {letters[0].reason}, not {post.reason}")


def _judge_windows(
    windows: Iterable[Scored],
    evidence: Evidence,
    records: Mapping[int, Sequence[bytes]],
    verdict: Verdict,
) -> None:
    patterns = {name: window for _, name, window in windows}
    for name in patterns.keys() | evidence.windows.keys():
        wanted, held = patterns.get(name, []), evidence.windows.get(name, [])
        fits = len(wanted) == len(held) and all(
            record[MARK_BYTES:] in records[pattern]
            for pattern, record in zip(wanted, held, strict=True)
        )
        if not fits:
            verdict.bad_windows += 1
            _note(verdict, "window", f"{name}: holds {len(held)} posts, not those {len(wanted)}")


def _judge_results(
    windows: Iterable[Scored],
    evidence: Evidence,
    records: Mapping[int, Sequence[bytes]],
    verdict: Verdict,
) -> None:
    """Every post was scored in its own window and after its own predecessor."""
    previous: dict[Conversation, str] = {}
    for place, name, window in windows:
        if not window:
            previous.pop(name, None)
            continue
        sentiment, emotion = labels([records[pattern][0] for pattern in window])
        for copy in evidence.predictions.get(place, ())[:1]:
            said = orjson.loads(copy)
            found = (said["sentiment"]["label"], said["emotion"]["label"])
            if (*found, said["previous_sentiment"]) != (sentiment, emotion, previous.get(name)):
                verdict.bad_windows += 1
                _note(verdict, "result", f"{place}: was scored in another window than its own")
        previous[name] = sentiment


def _windows(due: Mapping[Place, Post], shed: Mapping[Place, Post]) -> Iterator[Scored]:
    """Each valid post with the patterns of its window, itself included; none where it is shed."""
    patterns: dict[Conversation, list[int]] = {}
    for place, post in sorted({**due, **shed}.items(), key=lambda item: item[0]):
        if place in shed:  # by its key, whatever the post says
            name = (place.topic_id, place.partition, post.key.decode())
            patterns[name] = []
            yield place, name, patterns[name]
        elif post.reason is None:
            name = (place.topic_id, place.partition, post.conversation)
            patterns[name] = _followed_by(patterns.get(name, []), post.pattern)
            yield place, name, patterns[name]


def _judge_progress(evidence: Evidence, verdict: Verdict) -> None:
    verdict.stuck += sum(evidence.uncommitted.values()) + len(evidence.stuck)
    for partition, posts in evidence.uncommitted.items():
        if posts:
            _note(verdict, "progress", f"partition {partition}: {posts} posts not committed")
    for what in evidence.stuck:
        _note(verdict, "progress", what)


def _buckets(post: Post) -> Iterator[Bucket]:
    for track in post.tracks:
        for name, seconds in WIDTHS_S.items():
            yield track, name, int(post.created_at) // seconds * seconds


def _followed_by(window: Sequence[int], pattern: int) -> list[int]:
    """A full window lets go of its oldest three quarters at once."""
    longer = [*window, pattern]
    return longer[WINDOW - WINDOW // 4 :] if len(longer) > WINDOW else longer


def _note(verdict: Verdict, kind: str, what: str) -> None:
    if sum(line.startswith(kind) for line in verdict.details) < SHOWN:
        verdict.details.append(f"{kind} {what}")


def _without_moments(copies: Iterable[bytes]) -> Iterator[bytes]:
    """Copies without the moment at which they were scored: what a result says apart from that."""
    for copy in copies:
        said = orjson.loads(copy)
        del said["scored_at"]
        yield orjson.dumps(said)
