"""The embedded default: photographs that ordinary package clients bring.

The pictures inside scikit-image and scikit-learn are on every system that runs this. Three Debian packages add real
free photographs where apt is there. What is taken was looked at picture by picture; clip art, renders, paintings,
textures, microscope and telescope pictures are left out (docs/decisions/0004).
"""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.metadata
import importlib.util
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from torch.nn import functional as F

from ops.corpora.debian import PackageUnavailableError, UnpackedPackage, fetch_package, update_package_lists
from ops.corpora.rcc import read_rcc
from ops.corpora.records import Corpus, CorpusPhoto, Refusal, split_of
from ops.images import Photo, PhotoError, decode_photo, encode_jpeg

_RECIPE: Final = 2  # raise it when what is taken, or how, changes: then caches are made anew
_MIN_SIDE_PX: Final = 256  # after halving; a training crop must fit
_JPEG_QUALITY: Final = 96


@dataclass(frozen=True)
class PhotoPackage:
    """What to take from a Debian package.

    Attributes:
        name: of the package.
        take: patterns of paths below ``/usr/share``; a member of a Qt archive is ``archive.rcc/path``.
        leave: patterns of paths that are no photographs.
        is_halved: its pictures are compressed enough to show; at half size they do not.
        licence: what holds where the copyright file does not name the picture.
    """

    name: str
    take: tuple[str, ...]
    leave: tuple[str, ...]
    is_halved: bool
    licence: str


PHOTO_PACKAGES: Final = (
    PhotoPackage(
        "gcompris-qt-data",
        take=(
            "gcompris-qt/rcc/clickgame.rcc/*/sea?.webp",
            "gcompris-qt/rcc/erase.rcc/*/resource/*.webp",
            "gcompris-qt/rcc/explore_farm_animals.rcc/*/resource/animals/*.webp",
            "gcompris-qt/rcc/explore_monuments.rcc/*/resource/*/*.webp",
            "gcompris-qt/rcc/explore_world_animals.rcc/*/resource/animals/*.webp",
            "gcompris-qt/rcc/explore_world_music.rcc/*/resource/music/*.webp",
        ),
        leave=("*/castleClinton.webp",),  # an old print, grain and all
        is_halved=True,
        licence="per photo CC-BY, CC-BY-SA, CC0, public domain or GPL-3+: see the package's copyright file",
    ),
    PhotoPackage(
        "palapeli-data",
        take=("palapeli/collection/*.jpg",),
        leave=(),
        is_halved=False,
        licence="per photo public domain or GFDL, named in the .desktop file beside it; package GPL-2+",
    ),
    PhotoPackage(
        "lomiri-wallpapers-16.04",
        take=("backgrounds/*.jpg",),
        leave=("*/analogpattern_*", "*/umang_*"),
        is_halved=True,
        licence="CC-BY-4.0 or CC-BY-SA-4.0",
    ),
)

TEXTURE_PACKAGE: Final = PhotoPackage(
    "mypaint-data",
    take=tuple(f"mypaint/backgrounds/{name}_*.png" for name in ("paper1", "paper6", "paper7", "canvas1", "canvas2")),
    leave=(),  # the other papers are ruled
    is_halved=False,
    licence="CC0-1.0 (MrMamurk, Ramon Miranda); package GPL-2+",
)

_INSTALLED_PICTURES: Final = {
    "scikit-image": (
        "skimage",
        "data",
        {
            "astronaut.png": "public domain (NASA)",
            "camera.png": "CC0 (Lav Varshney)",
            "chelsea.png": "CC0 (Stefan van der Walt)",
            "coffee.png": "CC0 (Rachel Michetti)",
            "coins.png": "no known copyright restrictions (Brooklyn Museum)",
            "rocket.jpg": "public domain (SpaceX)",
        },
    ),
    "scikit-learn": (
        "sklearn",
        "datasets/images",
        {"china.jpg": "CC-BY-2.0 (danielbuechele)", "flower.jpg": "CC-BY-2.0 (vultilion)"},
    ),
}


def installed_pictures() -> tuple[CorpusPhoto, ...]:
    """The photographs inside scikit-image and scikit-learn, where they were installed. No network."""
    photos = []
    for distribution, (module, folder, licences) in _INSTALLED_PICTURES.items():
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        source = f"{distribution} {importlib.metadata.version(distribution)}"
        for file_name, licence in licences.items():
            path = Path(spec.origin).parent / folder / file_name
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            name = f"{distribution}/{path.stem}"
            photos.append(_record(name, path, sha256, decode_photo(data), split_of(sha256), source, licence))
    return tuple(photos)


def packaged_photos(
    packages: tuple[PhotoPackage, ...], cache: Path, log: Callable[[str], None]
) -> tuple[tuple[CorpusPhoto, ...], tuple[Refusal, ...]]:
    """The photographs of Debian packages, cached as files named by their checksum.

    A package is fetched once; later calls read its index. What this system cannot bring is logged in one line.
    """
    wanted = [package for package in packages if not _is_complete(_index(package, cache))]
    if wanted:
        with tempfile.TemporaryDirectory(dir=cache) as workshop:
            _fetch(wanted, cache, Path(workshop), log)
    here = [Corpus.read(index) for index in (_index(package, cache) for package in packages) if _is_complete(index)]
    photos = tuple(photo for corpus in here for photo in corpus.photos)
    return photos, tuple(refusal for corpus in here for refusal in corpus.refused)


def _fetch(packages: list[PhotoPackage], cache: Path, workshop: Path, log: Callable[[str], None]) -> None:
    """Fetch what can be fetched, write its photos and then its index into the cache."""
    try:
        update_package_lists(workshop / "apt")
    except PackageUnavailableError as error:
        log(f"free photos: going on without {', '.join(package.name for package in packages)} ({error})")
        return
    for package in packages:
        try:
            unpacked = fetch_package(package.name, workshop / "apt", workshop / package.name)
        except PackageUnavailableError as error:
            log(f"free photos: going on without {package.name} ({error})")
            continue
        corpus = _cache_photos(package, unpacked, cache)
        corpus.write(_index(package, cache))
        log(
            f"free photos: {package.name} {unpacked.version} has {len(corpus.photos)} "
            f"({corpus.megapixels:.0f} megapixels)"
        )


def _index(package: PhotoPackage, cache: Path) -> Path:
    return cache / f"{package.name}-{_RECIPE}.parquet"


def _is_complete(index: Path) -> bool:
    return index.is_file() and all(photo.path.is_file() for photo in Corpus.read(index).photos)


def _cache_photos(package: PhotoPackage, unpacked: UnpackedPackage, cache: Path) -> Corpus:
    """Write the photographs of a package, and its copyright file, into the cache."""
    photos: dict[str, CorpusPhoto] = {}
    refused: list[Refusal] = []
    (cache / f"{package.name}-copyright.txt").write_text(unpacked.copyright, encoding="utf-8")
    for member, original in _members(package, unpacked):
        path_inside = PurePosixPath(member)
        archive, is_inside, _ = member.partition(".rcc/")
        folder = PurePosixPath(archive) if is_inside else path_inside.parent
        name = f"{package.name}/{folder.name}/{path_inside.stem}"
        try:
            data, suffix = _halved(original) if package.is_halved else (original, path_inside.suffix)
            photo = decode_photo(data)
        except PhotoError as error:
            refused.append(Refusal(name, error.reason, str(error)))
            continue
        if package.is_halved and min(photo.pixels.shape[2:]) < _MIN_SIDE_PX:
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        path = cache / f"{sha256}{suffix}"
        path.write_bytes(data)
        split = split_of(hashlib.sha256(original).hexdigest())  # not of our JPEG, which another encoder changes
        source = f"Debian package {package.name} {unpacked.version}"
        licence = licence_of(unpacked.copyright, path_inside.name) or package.licence
        photos[sha256] = _record(name, path, sha256, photo, split, source, licence)
    return Corpus(package.name, tuple(photos.values()), tuple(refused))


def _members(package: PhotoPackage, unpacked: UnpackedPackage) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the files to take, looking into Qt archives."""
    share = unpacked.root / "usr" / "share"
    wanted_archives = {pattern.partition(".rcc/")[0] + ".rcc" for pattern in package.take if ".rcc/" in pattern}
    for path in sorted(share.rglob("*")):
        member = path.relative_to(share).as_posix()
        if path.is_symlink() or not path.is_file():
            continue
        if member in wanted_archives:
            inside = ((f"{member}/{name}", content) for name, content in read_rcc(path.read_bytes()))
            yield from ((name, content) for name, content in inside if _is_taken(package, name))
        elif _is_taken(package, member):
            yield member, path.read_bytes()


def _is_taken(package: PhotoPackage, member: str) -> bool:
    return any(fnmatch.fnmatchcase(member, pattern) for pattern in package.take) and not any(
        fnmatch.fnmatchcase(member, pattern) for pattern in package.leave
    )


def licence_of(copyright_text: str, file_name: str) -> str | None:
    """Find the licence that a machine-readable Debian copyright file gives to exactly this file name.

    Returns:
        such as ``CC-BY-4.0 (Aitzol Berasategi, 2018)``, or None where only a folder or the whole package is named.
    """
    paragraph = re.compile(
        r"^Files:(?P<files>.*?)^Copyright:(?P<holder>.*?)^License:[ \t]*(?P<licence>[^\n]+)", re.MULTILINE | re.DOTALL
    )
    found = None
    for match in paragraph.finditer(copyright_text):
        if file_name in {PurePosixPath(pattern).name for pattern in match["files"].split()}:
            found = f"{match['licence'].strip()} ({' '.join(match['holder'].split())})"
    return found


def _halved(original: bytes) -> tuple[bytes, str]:
    """Average 2 x 2 pixels and write a fine JPEG; what compression left in the original falls below one level."""
    return encode_jpeg(F.avg_pool2d(decode_photo(original).pixels, 2), _JPEG_QUALITY), ".jpg"


def _record(name: str, path: Path, sha256: str, photo: Photo, split: str, source: str, licence: str) -> CorpusPhoto:
    height, width = photo.pixels.shape[2:]
    return CorpusPhoto(name, path, sha256, width, height, split, source, licence)
