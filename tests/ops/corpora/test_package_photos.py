import hashlib
import io
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch.nn import functional as F
from torch.testing import assert_close

from ops.corpora.package_photos import PhotoPackage, installed_pictures, licence_of, packaged_photos
from ops.corpora.packages import clean_corpus, old_corpus, texture_corpus
from ops.images import decode_rgb

WALLPAPERS = PhotoPackage("walls", ("backgrounds/*.jpg",), ("*/render_*",), True, "some free licence")
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2020, The Wall Makers
License: GPL-2+

Files: 16.04/lake_by_Ada.jpg
       16.04/hill_by_Ada.jpg
Copyright: Ada Adams, 2018
License: CC-BY-4.0
"""


def jpeg(seed: int, side: int = 640) -> bytes:
    levels = np.random.default_rng(seed).integers(0, 256, (side // 40, side // 40, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(levels).resize((side, side), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for apt-get and dpkg-deb that know one package; returns the file that counts their calls."""
    walls = tmp_path / "walls" / "usr" / "share" / "backgrounds"
    walls.mkdir(parents=True)
    for name, data in {
        "lake_by_Ada.jpg": jpeg(1),
        "hill_by_Bob.jpg": jpeg(2),
        "render_by_Ada.jpg": jpeg(3),
        "small.jpg": jpeg(4, 320),
        "cut.jpg": jpeg(5)[:900],
    }.items():
        (walls / name).write_bytes(data)
    doc = tmp_path / "walls" / "usr" / "share" / "doc" / "walls"
    doc.mkdir(parents=True)
    (doc / "copyright").write_text(COPYRIGHT)
    calls = tmp_path / "calls"
    programs = {
        "apt-get": f"""#!/bin/sh
            echo "$@" >> {calls}
            for word; do case $word in Dir::State::Lists=*) lists=${{word#*Lists=}};; esac; last=$word; done
            if [ "$last" = update ]; then : > "$lists/deb_Packages"; exit 0; fi
            if [ "$last" = walls ]; then : > walls_2%3a1.5-1_all.deb; exit 0; fi
            echo "E: Unable to locate package $last" >&2; exit 100""",
        "dpkg-deb": f'#!/bin/sh\ncp -r {tmp_path}/walls "$3"',
    }
    (tmp_path / "bin").mkdir()
    for name, script in programs.items():
        program = tmp_path / "bin" / name
        program.write_text(script)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "cache").mkdir()
    return calls


def test_a_package_gives_its_photos_at_half_size_with_their_licences(debian: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    photos, refused = packaged_photos((WALLPAPERS,), tmp_path / "cache", lines.append)
    assert {photo.name: photo.licence for photo in photos} == {
        "walls/backgrounds/hill_by_Bob": "some free licence",
        "walls/backgrounds/lake_by_Ada": "CC-BY-4.0 (Ada Adams, 2018)",
    }
    assert [(refusal.name, refusal.reason) for refusal in refused] == [("walls/backgrounds/cut", "truncated")]
    lake = next(photo for photo in photos if "lake" in photo.name)
    assert (lake.width, lake.height) == (320, 320)
    assert lake.source == "Debian package walls 2:1.5-1"
    assert lake.path.name == f"{hashlib.sha256(lake.path.read_bytes()).hexdigest()}.jpg"
    half = F.avg_pool2d(decode_rgb(jpeg(1)), 2)
    assert_close(decode_rgb(lake.path.read_bytes()), half, atol=0.03, rtol=0)
    assert lines == ["free photos: walls 2:1.5-1 has 2 (0 megapixels)"]
    assert (tmp_path / "cache" / "walls-copyright.txt").read_text() == COPYRIGHT


def test_a_second_call_asks_nobody(debian: Path, tmp_path: Path) -> None:
    first = packaged_photos((WALLPAPERS,), tmp_path / "cache", lambda _: None)
    num_calls = len(debian.read_text().splitlines())
    assert packaged_photos((WALLPAPERS,), tmp_path / "cache", lambda _: None) == first
    assert len(debian.read_text().splitlines()) == num_calls


def test_a_lost_cached_photo_is_made_again(debian: Path, tmp_path: Path) -> None:
    first = packaged_photos((WALLPAPERS,), tmp_path / "cache", lambda _: None)
    first[0][0].path.unlink()
    assert packaged_photos((WALLPAPERS,), tmp_path / "cache", lambda _: None) == first
    assert first[0][0].path.is_file()


def test_an_unknown_package_is_one_line_and_no_failure(debian: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    unknown = PhotoPackage("no-such", ("*",), (), False, "")
    photos, _ = packaged_photos((unknown, WALLPAPERS), tmp_path / "cache", lines.append)
    assert len(photos) == 2
    assert lines[0] == (
        "free photos: going on without no-such (apt-get download no-such: E: Unable to locate package no-such)"
    )


def test_without_apt_the_default_is_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lines: list[str] = []
    corpus = clean_corpus(None, tmp_path / "cache", True, lines.append)
    assert {photo.name for photo in corpus.photos} == {photo.name for photo in installed_pictures()}
    assert len(lines) == 2
    assert "this is no Debian or Ubuntu system" in lines[0]
    assert texture_corpus(None, tmp_path / "cache", log=lines.append).photos == ()


def test_the_installed_pictures_are_photos_with_a_licence_and_both_splits(tmp_path: Path) -> None:
    corpus = clean_corpus(None, tmp_path / "cache", False, lambda _: None)
    assert len(corpus.photos) == 8
    assert corpus.train
    assert corpus.held_out
    assert all(photo.licence and min(photo.width, photo.height) > 256 for photo in corpus.photos)
    assert all(hashlib.sha256(photo.path.read_bytes()).hexdigest() == photo.sha256 for photo in corpus.photos)


def test_no_setting_no_old_photos(tmp_path: Path) -> None:
    assert old_corpus(None, tmp_path).photos == ()


def test_only_a_named_file_has_a_licence_of_its_own() -> None:
    assert licence_of(COPYRIGHT, "hill_by_Ada.jpg") == "CC-BY-4.0 (Ada Adams, 2018)"
    assert licence_of(COPYRIGHT, "sea.jpg") is None
    assert licence_of("no format at all", "sea.jpg") is None
