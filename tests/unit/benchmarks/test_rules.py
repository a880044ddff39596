"""The rules of the benchmark find something, and the index beats trying them all."""

import numpy as np

from benchmarks import rules as benchmark
from connectors.tracks.query import parse


def test_every_query_of_the_benchmark_can_be_read() -> None:
    for query in benchmark.make_queries(40, np.random.default_rng(0)):
        parse(query)


def test_an_index_is_faster_than_every_rule() -> None:
    figures = benchmark.run(1000, 400, 1, lambda *_: None)
    assert figures.matches > 0
    assert figures.ratio > 5
