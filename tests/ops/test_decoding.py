from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ops import decoding
from ops.decoding import DecodeBudget, child_decoders, decode_here
from ops.image_formats.raster import DecodeLimits
from ops.images import PhotoError, decode_photo, encode_photo, encode_png


def ignore(_: int) -> None:
    pass


def photo_bytes() -> bytes:
    like = decode_photo(encode_png(torch.rand(1, 3, 24, 32)))
    return encode_photo(like.pixels, like, "TIFF")


def png_of(width: int, height: int, packed: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets a few lines of Python take the place of the decoder, as a codec that was taken over would."""

    def replace_child(source: str) -> None:
        folder = tmp_path / "ops" / "image_formats"
        folder.mkdir(parents=True)
        for package in (folder.parent, folder):
            (package / "__init__.py").touch()
        (folder / "decode_child.py").write_text(source)
        monkeypatch.setattr(decoding, "_CHECKOUT", tmp_path)

    return replace_child


def test_a_child_reads_what_this_process_reads() -> None:
    told: list[int] = []
    with child_decoders(1, DecodeBudget()) as decode:
        data = photo_bytes()
        (ours,), (theirs,) = decode_here(data, ignore), decode(data, told.append)
    assert torch.equal(ours.pixels, theirs.pixels)
    assert (ours.container, ours.bits, ours.dpi, ours.notes) == (
        theirs.container,
        theirs.bits,
        theirs.dpi,
        theirs.notes,
    )
    assert told == [24 * 32]


def test_a_refusal_of_a_child_is_the_same_and_the_child_goes_on() -> None:
    data = photo_bytes()
    with child_decoders(1, DecodeBudget()) as decode:
        with pytest.raises(PhotoError) as theirs:
            decode(data[:200], ignore)
        with pytest.raises(PhotoError) as ours:
            decode_photo(data[:200])
        assert (theirs.value.reason, theirs.value.message) == (ours.value.reason, ours.value.message)
        assert torch.equal(decode(data, ignore)[0].pixels, decode_photo(data).pixels)


def test_a_bomb_is_refused_by_header_or_by_memory_and_the_next_photo_is_read() -> None:
    bomb = png_of(8_000, 8_000, zlib.compress(bytes(24_001) * 8_000, 1))  # 192 MB in 0.8
    claims = png_of(60_000, 60_000, b"")
    with child_decoders(1, DecodeBudget(memory_bytes=200 << 20, limits=DecodeLimits(max_bytes=10 << 20))) as decode:
        for data in (bomb, claims, b"\xff" * (11 << 20)):
            with pytest.raises(PhotoError) as caught:
                decode(data, ignore)
            assert caught.value.reason in {"too-large", "corrupt"}
        assert decode(photo_bytes(), ignore)[0].bits == 8


def test_a_decoder_that_dies_costs_one_photo(stand_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("LENGTH_BYTES = 8\nimport os, sys\nsys.stdin.buffer.read(9)\nos.abort()\n")
    with child_decoders(1, DecodeBudget()) as decode:
        with pytest.raises(PhotoError, match="exit code -6") as caught:
            decode(photo_bytes(), ignore)
        assert caught.value.reason == "decoder-died"
        monkeypatch.undo()
        assert decode(photo_bytes(), ignore)[0].bits == 8


def test_a_decoder_that_hangs_is_stopped(stand_in: Callable[[str], None]) -> None:
    stand_in("import time\ntime.sleep(60)\n")
    with (
        child_decoders(1, DecodeBudget(seconds=0.3)) as decode,
        pytest.raises(PhotoError, match=r"more than 0.3 s") as caught,
    ):
        decode(bytes(2 << 20), ignore)  # more than the pipe takes, so writing hangs too
    assert caught.value.reason == "too-slow"


@pytest.mark.parametrize(
    "answer",
    [
        b'{"pages": [{"container": "PNG", "shape": [90000, 90000, 3], "bits": 8, "blocks": {}}]}\n',
        b'{"pages": [{"container": "EXE", "shape": [1, 1, 3], "bits": 8, "blocks": {}}]}\n',
        b'{"pages": []}\n',
        b"\x80\x04\x95 a pickle\n",
    ],
)
def test_a_decoder_that_was_taken_over_is_not_believed(stand_in: Callable[[str], None], answer: bytes) -> None:
    stand_in(f"import sys, time\nsys.stdout.buffer.write({answer!r})\nsys.stdout.flush()\ntime.sleep(60)\n")
    with child_decoders(1, DecodeBudget()) as decode, pytest.raises((PhotoError, ValueError)):
        decode(photo_bytes(), ignore)


def test_a_decoder_sees_no_credentials(stand_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    stand_in("import json, os\nprint(json.dumps({'reason': 'env', 'message': ' '.join(os.environ)}), flush=True)\n")
    with child_decoders(1, DecodeBudget()) as decode, pytest.raises(PhotoError) as caught:
        decode(b"x", ignore)
    assert "PATH" in caught.value.message
    assert "AWS" not in caught.value.message


def test_children_end_with_the_block() -> None:
    before = threading.active_count()
    with child_decoders(2, DecodeBudget()) as decode:
        decode(photo_bytes(), ignore)
    assert threading.active_count() == before
    assert not [each for each in Path("/proc").glob("[0-9]*/cmdline") if is_our_decoder(each)]


def is_our_decoder(cmdline: Path) -> bool:
    try:
        parent = next(line for line in (cmdline.parent / "status").read_text().splitlines() if line.startswith("PPid"))
        return b"decode_child" in cmdline.read_bytes() and parent.split()[1] == str(os.getpid())
    except OSError:
        return False
