"""The pictures of the documentation have the dashboard's own colours."""

import numpy as np
from PIL import Image

from tests.browser.pictures import COLOURS, of_few_colours

PAPER, PANEL, FEAR, SAD = (245, 243, 238), (247, 242, 237), (97, 82, 196), (47, 102, 189)


def test_a_picture_of_few_colours_keeps_those_of_the_page_and_of_small_marks() -> None:
    grey = np.random.default_rng(7).integers(0, 256, (200, 200, 1), np.uint8)
    pixels = np.repeat(grey, 3, axis=2)
    pixels[50:], pixels[150:] = PAPER, PANEL
    pixels[60:62, 60:62], pixels[60:62, 80:82] = FEAR, SAD
    few = of_few_colours(Image.fromarray(pixels))
    assert few.mode == "P"
    kept = few.convert("RGB")
    assert len(kept.getcolors(COLOURS) or []) <= COLOURS
    places = {(10, 140): PAPER, (10, 160): PANEL, (60, 60): FEAR, (80, 60): SAD}
    assert {at: kept.getpixel(at) for at in places} == places
