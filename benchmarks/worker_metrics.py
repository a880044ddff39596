"""What workers say of themselves at the ports of their metrics."""

import urllib.request
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

STAGES: Final = "voxpop_stage_seconds"


def scrape(port: int) -> dict[str, float]:
    """Figures of a worker by name; those of a stage as `infer_sum` and `infer_count`.

    Raises:
        OSError: nobody answers at the port of this machine.
    """
    url = f"http://127.0.0.1:{port}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if family.name == STAGES and list(sample.labels) == ["stage"]:
                found[sample.name.replace(STAGES, sample.labels["stage"])] = sample.value
            elif not sample.labels:
                found[sample.name] = sample.value
    return found
