"""What a shell may offer for an argument; each is quick, and asks no network and no server."""

from importlib.resources import files


def training_presets(incomplete: str) -> list[str]:
    """Names for `voxpop train --config`; a shell offers files where none fits."""
    presets = files("models").joinpath("training", "presets").iterdir()
    names = (file.name.removesuffix(".toml") for file in presets)
    return sorted(name for name in names if name.startswith(incomplete))
