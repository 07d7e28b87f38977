"""The process that decodes strangers' files: limited in memory, unable to write files, without credentials.

Started by `ops.decoding` as `python -m ops.image_formats.decode_child MEMORY_BYTES MAX_BYTES MAX_PIXELS MAX_SIDE`. On
the standard input come length, wish and bytes of one file after the other; on the standard output goes for each a line
of JSON and, if it could be read, the samples and the blocks of every page that the line announces. Nothing is pickled:
whoever takes over this process can only answer with pixels.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import BinaryIO

import numpy as np

from ops.image_formats.raster import DecodeLimits, PhotoError
from ops.image_formats.reading import UprightRaster, in_srgb, read_upright

LENGTH_BYTES = 8
AS_IT_IS, IN_SRGB = b"0", b"1"  # the wish: which colours to answer with


def main(memory_bytes: int, limits: DecodeLimits) -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a chatty library must not speak into the answers
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    while head := sys.stdin.buffer.read(LENGTH_BYTES):
        wish = sys.stdin.buffer.read(1)
        answer(sys.stdin.buffer.read(int.from_bytes(head)), limits, answers, converts=wish == IN_SRGB)


def answer(data: bytes, limits: DecodeLimits, out: BinaryIO, *, converts: bool) -> None:
    """Decode one file and write what came of it, its colours converted to sRGB if wished."""
    try:
        pages = read_upright(data, limits)
        if converts:
            pages = tuple(in_srgb(page) for page in pages)
    except PhotoError as error:
        out.write(json.dumps({"reason": error.reason, "message": error.message}).encode() + b"\n")
    except MemoryError:
        message = "decoding it needs more memory than the decoder is given: raise DecodeBudget.memory_bytes"
        out.write(json.dumps({"reason": "too-large", "message": message}).encode() + b"\n")
    else:
        out.write(json.dumps({"pages": [describe(page) for page in pages]}).encode() + b"\n")
        for page in pages:
            out.write(np.ascontiguousarray(page.samples).data.cast("B"))
            for block in blocks_of(page).values():
                out.write(block)
    out.flush()


def describe(page: UprightRaster) -> dict[str, object]:
    """What the header line says of one page; its samples and blocks follow in this order."""
    return {
        "container": page.container,
        "shape": page.samples.shape,
        "bits": page.samples.dtype.itemsize * 8,
        "dpi": page.metadata.dpi,
        "notes": page.notes,
        "blocks": {name: len(block) for name, block in blocks_of(page).items()},
    }


def blocks_of(page: UprightRaster) -> dict[str, bytes]:
    """The blocks beside the pixels, by the names they have in `Metadata`."""
    metadata = page.metadata
    blocks = {"icc": metadata.icc, "exif": metadata.exif, "xmp": metadata.xmp, "iptc": metadata.iptc}
    return {name: block for name, block in blocks.items() if block is not None}


if __name__ == "__main__":
    _, memory, *sizes = sys.argv
    main(int(memory), DecodeLimits(*map(int, sizes)))
