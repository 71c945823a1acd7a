"""Pictures of several sizes: which are kept as they are, and what of the others."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.data import uploads
from snnviz.data.uploads import UploadChoices
from tests.data.test_brought import asked, done, png


@pytest.mark.parametrize("side", [4, 512])
def test_pictures_of_the_smallest_and_of_the_largest_side_are_kept_as_they_are(side: int) -> None:
    flat = png(np.full((side, side, 3), 9, np.uint8))
    found = uploads.check_upload({f"{name}/{n}.png": flat for name in "ab" for n in range(2)})
    assert (found.shape, done(found)) == ((3, side, side), {})
    beyond = png(np.full((side, 513 if side == 512 else 3, 3), 9, np.uint8))
    assert asked({f"{name}/{n}.png": beyond for name in "ab" for n in range(2)}).option == "size"


@pytest.mark.parametrize("tall", [False, True])
def test_of_a_picture_that_is_not_a_square_the_middle_is_taken(tall: bool) -> None:
    """White between black sides, three times as long as it is wide; some are squares, so that a size is asked for."""
    row = np.zeros((40, 120, 3), np.uint8)
    row[:, 36:84] = 255
    long = row.swapaxes(0, 1) if tall else row
    files = {
        f"{name}/{n}.png": png(long if n else np.full((50, 50, 3), 255, np.uint8)) for name in "ab" for n in range(2)
    }
    found = uploads.check_upload(files, choices=UploadChoices(size="32"))
    assert found.shape == (3, 32, 32)
    assert (found.arrays["images"] == 255).all()
