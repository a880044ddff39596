"""What the processor can do, and how ONNX Runtime is told."""

from pathlib import Path

import onnxruntime


def has_vnni(processors: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor adds products of 8-bit numbers in 32 bits at once.

    Args:
        processors: as Linux describes them; where it is not there, the answer is no.
    """
    try:
        lines = processors.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return bool({"avx512_vnni", "avx_vnni"} & set(flags))


def session_options() -> onnxruntime.SessionOptions:
    """Options of a session that runs on the thread that calls it, its 8-bit products exact."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # who calls divides the work among cores
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # without it, 8-bit products overflow on processors that have AVX2 and no VNNI; with it, those
    # that have VNNI take twice the time
    if not has_vnni():
        options.add_session_config_entry("session.x64quantprecision", "1")
    return options
