"""The descriptor of drawn pictures, whose numbers follow from how they are drawn."""

import numpy as np
import pytest
from numpy.typing import NDArray

from connectors.extraction.visual.descriptor import DESCRIPTOR, describe, visual_features
from connectors.extraction.visual.scale import FURTHEST, SCALE
from connectors.schemas.feature_sets import DEFAULT
from tests.unit.connectors_extraction.media_files import plain


def described(pixels: NDArray[np.uint8]) -> dict[str, float]:
    return dict(zip(DESCRIPTOR, [*describe(pixels), 0.0], strict=True))


def halves(vertical: bool) -> NDArray[np.uint8]:
    pixels = plain((0, 0, 0), 60, 60)
    if vertical:
        pixels[:, 30:] = 255
    else:
        pixels[30:] = 255
    return pixels


def test_the_descriptor_has_the_width_of_the_feature_set() -> None:
    assert len(DESCRIPTOR) == len(SCALE) == DEFAULT.widths["visual"]
    assert len(set(DESCRIPTOR)) == len(DESCRIPTOR)


def test_a_grey_picture_has_light_and_nothing_else() -> None:
    found = described(plain((51, 51, 51), 40, 80))
    assert found.pop("luma_mean") == pytest.approx(0.2)
    assert found.pop("dark_share") == 1
    assert found.pop("sharpness") == -6
    assert found.pop("aspect") == pytest.approx(np.log(2))
    assert list(found.values()) == pytest.approx([0.0] * len(found), abs=1e-6)


@pytest.mark.parametrize(
    ("colour", "hue", "luma"),
    [
        ((255, 0, 0), "red", 0.299),
        ((255, 255, 0), "yellow", 0.886),
        ((0, 255, 0), "green", 0.587),
        ((0, 255, 255), "cyan", 0.701),
        ((0, 0, 255), "blue", 0.114),
        ((255, 0, 255), "magenta", 0.413),
    ],
)
def test_a_pure_colour_is_one_hue_fully_saturated(
    colour: tuple[int, int, int], hue: str, luma: float
) -> None:
    found = described(plain(colour))
    assert found["luma_mean"] == pytest.approx(luma)
    assert found[f"hue_{hue}"] == 1
    assert found["saturation_mean"] == 1


def test_red_stands_where_jpeg_puts_it_and_is_as_colourful_as_its_authors_say() -> None:
    found = described(plain((255, 0, 0)))
    assert found["red_difference_mean"] == pytest.approx(0.5)
    assert found["blue_difference_mean"] == pytest.approx(-0.168736)
    assert found["colourfulness"] == pytest.approx(0.3 * np.hypot(1, 0.5))


def test_half_black_half_white_has_the_numbers_of_two_values() -> None:
    found = described(halves(vertical=True))
    assert found["luma_mean"] == pytest.approx(0.5)
    assert found["luma_deviation"] == pytest.approx(0.5)
    assert found["luma_entropy"] == pytest.approx(1 / 5)  # one bit of five
    assert found["dark_share"] == found["bright_share"] == 0.5
    assert found["edge_strength"] == pytest.approx(2 * 0.5 / 60)
    # the Laplacian is 1 and -1 in two columns of sixty
    assert found["sharpness"] == pytest.approx(np.log10(2 / 60))
    grid = [found[f"luma_middle_{column}"] for column in ("left", "centre", "right")]
    assert grid == pytest.approx([-0.5, 0.0, 0.5])


def test_edges_are_told_by_the_way_they_run() -> None:
    assert described(halves(vertical=True))["edges_upright"] == 1
    assert described(halves(vertical=False))["edges_level"] == 1
    at = np.arange(60)
    rising = np.where((at[:, None] + at[None, :]) < 60, 0, 255).astype(np.uint8)
    falling = np.where(at[:, None] < at[None, :], 0, 255).astype(np.uint8)
    # at the border, which repeats, they bend
    assert described(np.stack([rising] * 3, axis=-1))["edges_rising"] > 0.98
    assert described(np.stack([falling] * 3, axis=-1))["edges_falling"] > 0.98


def test_motion_is_how_much_the_light_changed_since_the_frame_before() -> None:
    rows = visual_features([plain((0, 0, 0)), plain((51, 51, 51)), plain((0, 0, 0))])
    centre, spread = SCALE[-1]
    assert rows[:, -1] * spread + centre == pytest.approx([0, 0.2, 0.2], abs=1e-6)


def test_numbers_are_scaled_and_bounded() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    (row,) = visual_features([pixels])
    expected = (np.array([*describe(pixels), 0.0]) - SCALE[:, 0]) / SCALE[:, 1]
    assert row == pytest.approx(expected.clip(-FURTHEST, FURTHEST), rel=1e-5)
    assert row.dtype == np.float32


@pytest.mark.parametrize("size", [(1, 1), (1, 128), (128, 1), (2, 2)])
def test_the_smallest_pictures_have_finite_numbers(size: tuple[int, int]) -> None:
    assert np.isfinite(visual_features([plain((9, 99, 200), *size)])).all()
