"""The beginning of a shift is found from the counts."""

import numpy as np
import pytest

from connectors.alerts.detector import Shift
from connectors.alerts.onset import steps_since
from tests.unit.connectors_alerts.alerts import SWING, VOLUME
from tests.unit.connectors_alerts.panels import drawn


@pytest.mark.parametrize("since", [3, 12, 40])
@pytest.mark.parametrize(("shift", "rate", "negative"), [(VOLUME, 90.0, 0.25), (SWING, 30.0, 0.46)])
def test_a_shift_is_there_since_it_began(
    since: int, shift: Shift, rate: float, negative: float
) -> None:
    random = np.random.default_rng(since)
    before = [drawn(random, [30.0])[0] for _ in range(100 - since)]
    after = [drawn(random, [rate], negative)[0] for _ in range(since)]
    found = steps_since(np.array(before + after), np.full(100, 30.0), shift)
    assert found == pytest.approx(since, abs=1 + 0.2 * since)
