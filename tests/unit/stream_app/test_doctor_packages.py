"""Which packages `voxpop doctor` holds to a version."""

from stream_app.doctor.machine import pinned_versions


def test_a_package_of_an_extra_is_nothing_that_everybody_needs() -> None:
    told = ["torch==2.13.0", "numpy", "redis>=6", "spacy==3.8.18; extra == 'train'"]
    assert pinned_versions(told) == [("torch", "2.13.0")]


def test_a_marker_is_no_part_of_a_version() -> None:
    assert pinned_versions(["jgo==3.2.0; python_version >= '3.11'"]) == [("jgo", "3.2.0")]
