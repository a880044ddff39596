"""Millions of malformed posts through the decoder; time, memory and outcomes are counted."""

import resource
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.judging import judge
from tests.fuzz.malformed import MEBIBYTE, NOW, MalformedPosts


@dataclass
class DecoderReport:
    """What a run found.

    Attributes:
        posts: decoded.
        outcomes: how many were valid, or rejected, by reason.
        kinds: how many were broken in which way.
        slowest_ms: most processor time that one post took, and which.
        peak_mib: peak of resident memory in the first half of the run, and in the whole.
    """

    posts: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    slowest_ms: float = 0.0
    slowest_post: int = 0
    peak_mib: tuple[float, float] = (0.0, 0.0)


def decode_many(seed: int, first: int, count: int) -> DecoderReport:
    """Decode malformed posts and hold every outcome.

    Raises:
        AssertionError: an outcome does not hold; names the seed and the number of the post.
    """
    source, report = MalformedPosts(seed), DecoderReport()
    half_way_mib = 0.0
    for number in range(first, first + count):
        post = source.post(number)
        began = time.process_time()
        try:
            outcome = judge(post.key, post.value, now=NOW, max_bytes=MEBIBYTE)
        except BaseException as error:
            raise AssertionError(f"seed {seed}, post {number} ({post.kind}): {error!r}") from error
        took_ms = (time.process_time() - began) * 1000
        if took_ms > report.slowest_ms:
            report.slowest_ms, report.slowest_post = took_ms, number
        report.outcomes[outcome] += 1
        report.kinds[post.kind] += 1
        report.posts += 1
        if report.posts == count // 2:
            half_way_mib = _peak_mib()
    report.peak_mib = (half_way_mib, _peak_mib())
    return report


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
