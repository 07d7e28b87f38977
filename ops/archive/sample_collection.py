"""The collection that the demo restores when nobody named one: held-out photos, damaged by our own synthesis."""

from __future__ import annotations

import torch

from ops.corpora.records import Corpus
from ops.degradation.degrade import degrade
from ops.images import decode_rgb, encode_jpeg, encode_png
from ops.pairs.building import DatasetRecipe
from ops.storage.locations import open_storage

NUM_PHOTOS = 12
LONGEST_PX = 720


def fill_sample_collection(location: str, clean: Corpus | None, recipe: DatasetRecipe, is_sample: bool) -> str:
    """Write ``NUM_PHOTOS`` damaged photos and one broken file to ``location``; nothing if the collection is a real one.

    The broken file is there to be refused by name. Writing again changes nothing.

    Returns:
        A sentence that says what the collection is.

    Raises:
        ValueError: nobody named a collection, and there is no clean photo to make one of.
    """
    if not is_sample:
        return f"{location}, as configured"
    if clean is None:
        raise ValueError(
            "no collection is named and there are no clean photos to make a sample of: set ALBUMEN_ARCHIVE_SOURCE to a "
            "folder or s3://bucket/prefix, or materialize clean_photos first (`make demo` does)"
        )
    storage = open_storage(location)
    photos = clean.held_out[:: max(1, len(clean.held_out) // NUM_PHOTOS)][:NUM_PHOTOS]
    for number, photo in enumerate(photos):
        pixels = decode_rgb(photo.path.read_bytes())[..., :LONGEST_PX, :LONGEST_PX]
        generator = torch.Generator().manual_seed((recipe.seed << 16) + number)
        degraded = degrade(pixels, recipe.degradation, generator).degraded
        encoded, extension = (encode_png(degraded), "png") if number % 3 == 2 else (encode_jpeg(degraded, 90), "jpg")
        storage.write_once(f"album-{number % 2 + 1}/photo-{number:02d}.{extension}", encoded)
        if number == 0:
            storage.write_once("album-1/torn-file.jpg", encoded[: len(encoded) // 3])
    return f"{location}: {len(photos)} held-out photos damaged by our own synthesis, no real old ones, and a torn file"
