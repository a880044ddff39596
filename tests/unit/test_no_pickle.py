"""Nothing in the packages reads pickle or runs what it reads: weights and arrays are data."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("benchmarks", "connectors", "deploy", "models", "stream_app")
MODULES = {"_pickle", "cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
CALLS = {
    "torch.load",
    "torch.save",
    "torch.jit.load",
    "torch.hub.load",
    "pandas.read_pickle",
    "pd.read_pickle",
    "eval",
    "exec",
    "yaml.load",
}
MUST_SAY = {  # calls that read pickle unless told not to
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
    "AutoModel.from_pretrained": ("use_safetensors", True),
}


def faults(source: str) -> Iterator[str]:
    """What a file does that may run what it reads."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            names = []
        yield from (f"imports {name}" for name in names if name.partition(".")[0] in MODULES)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in CALLS:
                yield f"calls {called}"
            if needed := MUST_SAY.get(called):
                said = {(each.arg, ast.unparse(each.value)) for each in node.keywords}
                if (needed[0], str(needed[1])) not in said:
                    yield f"calls {called} without {needed[0]}={needed[1]}"


def test_no_file_of_the_packages_reads_pickle() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(files) > 200
    found = {
        str(path.relative_to(ROOT)): own
        for path in files
        if (own := list(faults(path.read_text(encoding="utf-8"))))
    }
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import torch\ntorch.load('weights.pt')",
        "import numpy as np\nnp.load('a.npz')",
        "import numpy as np\nnp.load('a.npz', allow_pickle=True)",
        "AutoModel.from_pretrained('folder')",
        "eval('1')",
    ],
)
def test_the_scan_sees_what_it_looks_for(source: str) -> None:
    assert list(faults(source))
