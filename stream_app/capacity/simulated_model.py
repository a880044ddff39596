"""The process of a worker's model in virtual time: it answers one question after another.

Where both wait it scores first, as the real one does. It shares the cores with the worker and no
interpreter's lock. Not for who asks when: that is `simulated_worker`.
"""

from typing import Final

import simpy

from stream_app.capacity.cores import Cores
from stream_app.capacity.costs import Costs
from stream_app.capacity.ledger import Ledger
from stream_app.capacity.windows import Looked

MODEL: Final = "model"
SCORING, ENCODING = 0, 1  # which is answered first


class SimulatedModel:
    """The model of one worker.

    Args:
        clock: virtual time.
        cores: of its machine; it never uses more than one.
        ledger: told what it uses.
        costs: of its work.
        gpu: does its work where there is one, a batch at a time, of whichever worker.
    """

    def __init__(
        self,
        clock: simpy.Environment,
        cores: Cores,
        ledger: Ledger,
        costs: Costs,
        gpu: simpy.Resource | None,
    ) -> None:
        self._clock = clock
        self._cores = cores
        self._ledger = ledger
        self._costs = costs
        self._gpu = gpu
        self._answering = simpy.PriorityResource(clock)

    def encode(self, posts: int) -> simpy.events.ProcessGenerator:
        """Make the records of a batch; what a GPU takes is not known apart, `score` has all."""
        if self._gpu is None:
            with self._answering.request(ENCODING) as turn:
                yield turn
                yield self._work(self._costs.encode_batch_ms + posts * self._costs.encode_post_ms)

    def score(self, posts: int, looked: Looked) -> simpy.events.ProcessGenerator:
        """Score a batch with its windows."""
        with self._answering.request(SCORING) as turn:
            yield turn
            if self._gpu is None:
                yield self._work(self._score_ms(posts, looked))
            else:
                yield self._work(posts * self._costs.gpu_core_ms)
                yield from self._on_gpu(self._gpu, posts + looked.rebuilt)

    def _score_ms(self, posts: int, looked: Looked) -> float:
        costs = self._costs
        return (
            (costs.score_batch_ms if posts > 1 else costs.score_single_ms)
            + posts * costs.score_post_ms
            + looked.context * costs.score_context_ms
            + looked.rebuilt * costs.score_rebuilt_ms
        )

    def _on_gpu(self, gpu: simpy.Resource, steps: int) -> simpy.events.ProcessGenerator:
        with gpu.request() as turn:
            yield turn
            busy_ms = self._costs.gpu_batch_ms + steps * self._costs.gpu_post_ms
            self._ledger.used("GPU", busy_ms)
            yield self._clock.timeout(busy_ms / 1000)

    def _work(self, work_ms: float) -> simpy.Event:
        self._ledger.used(MODEL, work_ms)
        return self._cores.run(work_ms)
