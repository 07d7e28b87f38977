"""Inks to light: the one colour conversion a reader makes. RGB and grey keep their values and carry their profile."""

from __future__ import annotations

import imagecodecs
import numpy as np

from ops.image_formats.raster import Samples


def cmyk_to_rgb(inks: Samples, icc: bytes | None) -> Samples:
    """Convert (H, W, 4) cyan, magenta, yellow, black (0 = no ink) to sRGB of the same depth.

    With a CMYK profile the conversion is the profile's own; without one each ink takes its light away,
    rgb = (1 - cmy)(1 - k).
    """
    if icc is not None and icc[16:20] == b"CMYK":
        converted: Samples = imagecodecs.cms_transform(
            np.ascontiguousarray(inks),
            icc,
            imagecodecs.cms_profile("srgb"),
            colorspace="cmyk",
            outcolorspace="rgb",
        )
        return converted
    white = np.iinfo(inks.dtype).max
    light = white - inks.astype(np.uint32)
    return ((light[..., :3] * light[..., 3:] + white // 2) // white).astype(inks.dtype)
