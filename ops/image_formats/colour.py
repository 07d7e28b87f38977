"""Inks to light: the one colour conversion a reader makes. RGB and grey keep their values and carry their profile.

Who wants sRGB for a copy asks for it; profiles are strangers' files, so that happens in a child process too.
"""

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


def to_srgb(samples: Samples, icc: bytes) -> Samples | None:
    """Convert (H, W, C) samples of any depth from their profile to sRGB; alpha stays, grey stays one channel.

    Returns:
        The converted samples; None where the profile is of another kind than the samples, or broken.
    """
    num_colours = 3 if samples.shape[2] >= 3 else 1
    space = {b"RGB ": "rgb", b"GRAY": "gray"}.get(icc[16:20])
    if space != ("rgb" if num_colours == 3 else "gray"):
        return None
    colours = np.ascontiguousarray(samples[..., :3] if num_colours == 3 else samples[..., 0])
    try:
        light = imagecodecs.cms_transform(
            colours,
            icc,
            imagecodecs.cms_profile("srgb"),
            colorspace=space,
            outcolorspace="rgb",
            intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
        )
    except RuntimeError:  # imagecodecs.CmsError
        return None
    converted: Samples = np.concatenate([light[..., :num_colours], samples[..., num_colours:]], axis=2)
    return converted
