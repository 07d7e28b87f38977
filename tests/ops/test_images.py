import csv
import io
import json
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageCms, ImageOps, IptcImagePlugin
from torch.testing import assert_close

from ops.images import (
    DecodeLimits,
    Photo,
    PhotoError,
    decode_mask,
    decode_photo,
    decode_rgb,
    encode_jpeg,
    encode_photo,
    encode_png,
)

ODD_IMAGES = Path(__file__).parents[3] / "shared" / "data" / "odd_images"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
EXACT = ("PNG", "TIFF", "JP2", "WEBP")
DEEP = ("PNG", "TIFF", "JP2")


def exif(orientation: int, order: str = "<") -> bytes:
    """Maker, orientation, an EXIF directory with an exposure time, and a link to a thumbnail directory."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    maker = struct.pack(order + "HHI4s", 271, 2, 4, b"Box\0")
    turn = struct.pack(order + "HHIHH", 274, 3, 1, orientation, 0)
    pointer = struct.pack(order + "HHII", 0x8769, 4, 1, 50)
    exposure = struct.pack(order + "HHHIII", 1, 33434, 5, 1, 68, 0) + struct.pack(order + "II", 1, 250)
    return head + struct.pack(order + "H", 3) + maker + turn + pointer + struct.pack(order + "I", 9_999) + exposure


def photo_like(bits: int, container: str, *, is_grey: bool = False, has_alpha: bool = False) -> Photo:
    """A photo of random levels with everything beside the pixels."""
    generator = torch.Generator().manual_seed(7)
    levels = torch.randint(0, 1 << bits, (1, 4, 9, 14), generator=generator)
    levels[..., 0, :2] = torch.tensor([0, (1 << bits) - 1])
    planes = levels.float() / ((1 << bits) - 1)
    colours = planes[:, :1].expand(1, 3, -1, -1).contiguous() if is_grey else planes[:, :3]
    alpha = planes[:, 3:] if has_alpha else None
    dpi = None if container == "WEBP" else (600.0, 300.0)
    return Photo(colours, container, bits, is_grey, SRGB, exif(1), XMP, dpi, alpha)


def encode(photo: Photo) -> bytes:
    return encode_photo(photo.pixels, photo)


def refusal(data: bytes, limits: DecodeLimits | None = None) -> str:
    with pytest.raises(PhotoError) as caught:
        decode_photo(data, limits or DecodeLimits())
    assert "expected" in str(caught.value) or "limit" in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize("container", EXACT)
@pytest.mark.parametrize("has_alpha", [False, True])
@pytest.mark.parametrize("is_grey", [False, True])
def test_unchanged_pixels_come_back_exactly(container: str, is_grey: bool, has_alpha: bool) -> None:
    for bits in (8, 16) if container in DEEP else (8,):
        photo = photo_like(bits, container, is_grey=is_grey, has_alpha=has_alpha)
        again = decode_photo(encode(photo))
        assert (again.container, again.bits) == (container, bits)
        assert again.is_grey == (is_grey and container != "WEBP")
        assert torch.equal(again.pixels, photo.pixels)
        assert (again.alpha is None) == (photo.alpha is None)
        if photo.alpha is not None and again.alpha is not None:
            assert torch.equal(again.alpha, photo.alpha)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1)])
@pytest.mark.parametrize("container", EXACT)
def test_the_thinnest_photos_come_back_exactly(container: str, size: tuple[int, int]) -> None:
    for is_grey in (False, True):
        pixels = (torch.arange(3 * 7) * 11 / 255)[: 3 * size[0] * size[1]].reshape(1, 3, *size)
        pixels = pixels[:, :1].expand_as(pixels).contiguous() if is_grey else pixels
        assert torch.equal(decode_rgb(encode_photo(pixels, Photo(pixels, container, 8, is_grey))), pixels)


@pytest.mark.parametrize("container", [*EXACT, "JPEG"])
def test_what_travels_beside_the_pixels_comes_back(container: str) -> None:
    photo = photo_like(8, container)
    again = decode_photo(encode(photo))
    assert again.icc == photo.icc
    assert again.xmp == photo.xmp
    assert again.exif is not None
    tags, before = Image.Exif(), Image.Exif()
    tags.load(again.exif)
    before.load(exif(1))
    assert tags[271] == "Box"
    assert tags.get_ifd(0x8769) == before.get_ifd(0x8769) == {33434: 1 / 250}
    if photo.dpi is not None:
        assert again.dpi == pytest.approx(photo.dpi, abs=0.01)  # PNG counts whole dots per metre


@pytest.mark.parametrize("container", [*EXACT, "JPEG"])
def test_pillow_reads_what_we_write(container: str) -> None:
    photo = photo_like(8, container)
    with Image.open(io.BytesIO(encode(photo))) as image:
        if container != "JP2":  # Pillow keeps no JPEG 2000 profile
            assert image.info["icc_profile"] == SRGB
        ours = np.asarray(image).transpose(2, 0, 1).astype(np.float32) / 255
        dpi = image.info.get("dpi")
    assert_close(torch.from_numpy(ours)[None], photo.pixels, atol=0.5 if container == "JPEG" else 0, rtol=0)
    if container in ("PNG", "TIFF", "JPEG"):
        assert tuple(map(float, dpi)) == pytest.approx(photo.dpi, abs=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_orientation_stands_upright_and_says_so(orientation: int, order: str) -> None:
    stored = (torch.arange(12).reshape(1, 1, 3, 4) * 20).expand(1, 3, 3, 4) / 255
    lying = encode_photo(stored, Photo(stored, "PNG", 8, False, exif=exif(orientation, order), xmp=XMP))
    with Image.open(io.BytesIO(lying)) as image:
        upright = np.asarray(ImageOps.exif_transpose(image)).transpose(2, 0, 1)
    photo = decode_photo(lying)
    assert torch.equal((photo.pixels[0] * 255).round().byte(), torch.from_numpy(upright.copy()))
    assert photo.xmp is not None
    assert (b'Orientation="1"' in photo.xmp) == (orientation != 1)
    for container in ("PNG", "JPEG", "TIFF", "WEBP"):
        with Image.open(io.BytesIO(encode_photo(photo.pixels, photo, container))) as image:
            assert image.getexif()[274] == 1
            assert image.getexif().get_ifd(0x8769)[33434] == 1 / 250


def test_the_stale_thumbnail_is_unlinked() -> None:
    block = decode_photo(
        encode_photo(torch.zeros(1, 3, 2, 2), Photo(torch.zeros(1, 3, 2, 2), "PNG", 8, False, exif=exif(1)))
    ).exif
    assert block is not None
    assert block[46:50] == b"\0\0\0\0"


def test_white_is_zero_turns_to_light() -> None:
    stored = np.array([[0, 10], [65_525, 65_535]], np.uint16)
    file = io.BytesIO()
    tifffile.imwrite(file, stored, photometric="miniswhite")
    photo = decode_photo(file.getvalue())
    assert photo.is_grey
    assert_close(photo.pixels[0, 0], torch.from_numpy((65_535 - stored.astype(np.float32)) / 65_535))


def test_inks_without_a_profile_take_their_light_away() -> None:
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 255, 0, 51]]], np.uint8)
    file = io.BytesIO()
    tifffile.imwrite(file, inks, photometric="separated")
    photo = decode_photo(file.getvalue())
    assert photo.pixels[0, :, 0].mul(255).round().T.tolist() == [[255] * 3, [0, 255, 255], [0] * 3, [204, 0, 204]]
    assert photo.notes == ("cmyk-to-rgb",)
    assert photo.icc is None


def test_planes_tiles_palettes_and_twelve_bits_read_as_their_picture() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    expected = torch.from_numpy(rgb.transpose(2, 0, 1)[None].copy()) / 255
    for layout in ({"planarconfig": "separate"}, {"tile": (16, 16)}, {"compression": "lzw", "bigtiff": True}):
        file = io.BytesIO()
        tifffile.imwrite(file, rgb.transpose(2, 0, 1) if "planarconfig" in layout else rgb, photometric="rgb", **layout)
        assert torch.equal(decode_rgb(file.getvalue()), expected), layout
    file = io.BytesIO()
    Image.fromarray(rgb).quantize(16).save(file, "PNG")
    with Image.open(file) as palette:
        looked_up = torch.from_numpy(np.asarray(palette.convert("RGB")).transpose(2, 0, 1).copy())
    assert torch.equal(decode_rgb(file.getvalue())[0], looked_up / 255)
    codestream = imagecodecs.jpeg2k_encode(
        np.array([[0, 4095]], np.uint16), bitspersample=12, codecformat="j2k", reversible=True
    )
    twelve = decode_photo(codestream)
    assert (twelve.bits, twelve.notes, twelve.pixels[0, 0, 0].tolist()) == (16, ("12-bit-to-16",), [0, 1])


def test_a_profile_in_jpeg_2000_does_not_change_the_values() -> None:
    photo = photo_like(16, "JP2")
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    again = decode_photo(encode_photo(photo.pixels, Photo(photo.pixels, "JP2", 16, False, icc=wide)))
    assert again.icc == wide
    assert torch.equal(again.pixels, photo.pixels)


@pytest.mark.parametrize("container", [*EXACT, "JPEG"])
def test_a_cut_file_never_gives_wrong_pixels(container: str) -> None:
    whole = encode(photo_like(8, container))
    expected = decode_photo(whole)
    for length in [*range(0, len(whole), max(1, len(whole) // 97)), len(whole) - 1]:
        try:
            photo = decode_photo(whole[:length])
        except PhotoError:
            continue
        # a TIFF whose pixels are whole lacks what stands behind them, and says so
        assert photo.notes == ("exif-unreadable",)
        assert torch.equal(photo.pixels, expected.pixels)


def test_a_cut_jpeg_that_someone_closed_with_an_end_marker_is_refused() -> None:
    whole = encode_jpeg(torch.rand(1, 3, 64, 96))
    for kept in (0.5, 0.9, 0.99):
        assert refusal(whole[: int(kept * len(whole))] + b"\xff\xd9") == "truncated"


@pytest.mark.parametrize("container", [*EXACT, "JPEG"])
def test_flipped_bytes_end_in_a_photo_or_a_photo_error(container: str) -> None:
    whole, flips = encode(photo_like(8, container)), np.random.default_rng(5)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in flips.integers(0, len(whole), 3):
            damaged[place] ^= int(flips.integers(1, 256))
        try:
            decode_photo(bytes(damaged))
        except PhotoError:
            continue


def test_what_a_file_is_not_called_by_its_name() -> None:
    assert refusal(b"") == "empty"
    assert refusal(b"GIF89a") == "unsupported-format"
    assert refusal(b"<svg xmlns='http://www.w3.org/2000/svg'/>") == "unsupported-format"
    assert refusal(b"%PDF-1.7") == "unsupported-format"


def test_a_bomb_is_refused_from_its_header() -> None:
    body = struct.pack(">IIBBBBB", 30_000, 29_999, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + b"IHDR" + body + struct.pack(">I", zlib.crc32(b"IHDR" + body))
    assert refusal(b"\x89PNG\r\n\x1a\n" + header) == "too-large"  # there are no pixels behind it to decode
    small = encode_png(torch.zeros(1, 3, 20, 30))
    assert refusal(small, DecodeLimits(max_pixels=599)) == "too-large"
    assert refusal(small, DecodeLimits(max_side_px=29)) == "too-large"
    assert refusal(small, DecodeLimits(max_bytes=10)) == "too-large"


def test_a_tiff_with_a_missing_strip_is_refused() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, np.full((64, 64), 200, np.uint8), rowsperstrip=16)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as tiff:
        counts = tiff.pages.first.tags[279]
    broken = bytearray(file.getvalue())
    struct.pack_into("<H" if counts.dtype == 3 else "<I", broken, counts.valueoffset, 0)
    assert refusal(bytes(broken)) == "truncated"


def test_not_a_number_is_refused_and_other_floats_become_16_bits() -> None:
    def tiff(*values: float) -> bytes:
        file = io.BytesIO()
        tifffile.imwrite(file, np.array([values], np.float32))
        return file.getvalue()

    assert refusal(tiff(0.5, float("nan"))) == "not-finite"
    assert refusal(tiff(0.5, 7)) == "unsupported-feature"
    photo = decode_photo(tiff(0, 0.25, 1))
    assert (photo.bits, photo.notes) == (16, ("float-to-16-bit",))
    assert_close(photo.pixels[0, 0, 0], torch.tensor([0, 0.25, 1]), atol=1 / 65_535, rtol=0)


def test_bytes_behind_the_end_of_a_jpeg_do_not_travel() -> None:
    jpeg = encode_jpeg(torch.full((1, 3, 8, 8), 0.5))
    photo = decode_photo(jpeg + b"PK\3\4 a stowaway")
    assert b"stowaway" not in encode(photo)


@pytest.mark.parametrize("container", ["JPEG", "TIFF"])
@pytest.mark.parametrize("records", [b"\x1c\x02\x78\0\x08Grandma\xfc", b"\x1c\x02\x19\0\x05beach"])
def test_captions_and_keywords_stay(container: str, records: bytes) -> None:
    photo = replace(photo_like(8, container), iptc=records)
    again = decode_photo(encode_photo(photo.pixels, photo))
    assert again.iptc == records
    assert (again.icc, again.xmp, again.dpi) == (photo.icc, photo.xmp, photo.dpi)


def test_another_tool_reads_the_captions_we_write() -> None:
    photo = replace(photo_like(8, "JPEG"), iptc=b"\x1c\x02\x78\0\x07Grandma")
    with Image.open(io.BytesIO(encode_photo(photo.pixels, photo))) as image:
        assert IptcImagePlugin.getiptcinfo(image) == {(2, 120): b"Grandma"}


def test_another_container_keeps_what_it_can_hold() -> None:
    photo = photo_like(16, "TIFF", has_alpha=True)
    assert decode_photo(encode_photo(photo.pixels, photo, "PNG")).bits == 16
    jpeg = decode_photo(encode_photo(photo.pixels, photo, "JPEG"))
    assert (jpeg.bits, jpeg.alpha) == (8, None)


def test_wrong_pixels_are_the_callers_mistake() -> None:
    photo = photo_like(8, "PNG")
    with pytest.raises(ValueError, match="the size of the photo"):
        encode_photo(photo.pixels[..., :-1], photo)
    with pytest.raises(ValueError, match="NaN"):
        encode_png(torch.full((1, 3, 2, 2), float("nan")))
    with pytest.raises(ValueError, match="container 'GIF'"):
        encode_photo(photo.pixels, photo, "GIF")


def test_a_grey_photo_restored_in_colour_stays_grey() -> None:
    photo = photo_like(8, "PNG", is_grey=True)
    tinted = (photo.pixels + torch.tensor([0.05, 0.0, -0.05]).view(1, 3, 1, 1)).clamp(0, 1)
    again = decode_photo(encode_photo(tinted, photo))
    assert again.is_grey
    assert torch.equal(again.pixels[:, 0], again.pixels[:, 2])


def test_masks_are_one_plane() -> None:
    mask = torch.tensor([[[[0.0, 1.0], [0.2, 0.6]]]])
    assert torch.equal(decode_mask(encode_png(mask)), mask)


ODD_CHILD = """
import json, pathlib, resource, sys
sys.path.insert(0, sys.argv[1])
from ops.images import PhotoError, decode_photo, encode_photo
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
for name in json.load(sys.stdin):
    try:
        photo = decode_photo((pathlib.Path(sys.argv[2]) / name).read_bytes())
        again = decode_photo(encode_photo(photo.pixels, photo)) if photo.pixels.numel() < 3_000_000 else photo
        verdict = "read" if photo.container == "JPEG" or bool((again.pixels == photo.pixels).all()) else "changed"
    except PhotoError as error:
        verdict = error.reason
    print(json.dumps([name, verdict]), flush=True)
status = pathlib.Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.shared
@pytest.mark.skipif(not ODD_IMAGES.is_dir(), reason="the odd images of ../shared/data are not here")
def test_every_odd_file_is_read_or_refused_by_name_and_nothing_crashes() -> None:
    with (ODD_IMAGES / "MANIFEST.csv").open() as manifest:
        expectations = {row["file"]: row["expectation"] for row in csv.DictReader(manifest)}
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", ODD_CHILD, str(Path(__file__).parents[2]), str(ODD_IMAGES)],
        input=json.dumps(list(expectations)),
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
        check=True,
    )
    *lines, peak_kb = child.stdout.splitlines()
    verdicts = dict(json.loads(line) for line in lines)
    assert verdicts.keys() == expectations.keys()
    assert "changed" not in verdicts.values()
    accepted = {name for name, verdict in verdicts.items() if verdict == "read"}
    assert {name for name in accepted if expectations[name] == "reject"} == set()
    refused = {name: verdicts[name] for name in verdicts.keys() - accepted if expectations[name] == "accept"}
    assert refused == {"own__line_30000x2.tif": "too-large"}  # its header says 30,001
    assert int(peak_kb) < 2 << 20  # its own: getrusage counts every child of the whole suite
