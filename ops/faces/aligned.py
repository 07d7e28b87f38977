"""Faces to learn from: found in clean photos, aligned, kept as a corpus of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from models.face_finder import FaceFinder
from ops.corpora.folders import folder_corpus
from ops.corpora.records import Corpus, CorpusPhoto, with_every_split
from ops.faces.align import align, alignment, share_outside
from ops.faces.find import find_faces
from ops.faces.finder_weights import FaceFinderUnavailableError, cached_finder, face_finder
from ops.faces.second_look import is_confirmed
from ops.faces.settings import FaceSettings
from ops.images import decode_rgb, encode_png

FACE_SETTING: Final = "ALBUMEN_FACE_PHOTOS"
_MIN_CANVAS_SHARE: Final = 0.5  # a clean face may be enlarged by two at most; larger blow-ups teach blur


def collect_faces(
    location: str | None,
    clean: Corpus,
    settings: FaceSettings,
    cache: Path,
    include_packages: bool,
    log: Callable[[str], None],
) -> Corpus:
    """The faces in the user's portraits at ``location``, or else in the ``clean`` photos; none without a finder.

    Args:
        location: a folder or ``s3://bucket/prefix``; None for the clean photos.
        clean: the clean photos.
        settings: how faces are found and aligned.
        cache: a local folder for the finder's weights, for downloads and for the aligned faces.
        include_packages: let pip bring the finder's weights; False takes them only if they are in ``cache``.
        log: receives one line per step.

    Raises:
        ValueError: the user's location holds no usable photo.
    """
    try:
        finder = face_finder(cache, log) if include_packages else cached_finder(cache)
    except FaceFinderUnavailableError as error:
        log(f"faces: going on without ({error})")
        finder = None
    if finder is None:
        return Corpus("aligned-faces", ())
    photos = clean if location is None else folder_corpus(location, "faces", FACE_SETTING, cache, log)
    return aligned_faces(photos, finder, settings, cache / f"faces-{settings.canvas_px}", log)


def aligned_faces(
    photos: Corpus, finder: FaceFinder, settings: FaceSettings, folder: Path, log: Callable[[str], None]
) -> Corpus:
    """Cut the faces of ``photos`` that are whole and large enough to learn from, upright, as PNG files in ``folder``.

    Each face stays on the side (training or held out) of the photo it comes from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faces: list[CorpusPhoto] = []
    for number, photo in enumerate(photos.photos, start=1):
        faces += _faces_of(photo, finder, settings, folder)
        if number % 25 == 0 or number == len(photos.photos):
            log(f"faces: {len(faces)} in {number} of {len(photos.photos)} photos")
    return Corpus("aligned-faces", with_every_split(faces))


def _faces_of(photo: CorpusPhoto, finder: FaceFinder, settings: FaceSettings, folder: Path) -> list[CorpusPhoto]:
    canvas_px, pixels = settings.canvas_px, decode_rgb(photo.read())
    found = []
    for number, face in enumerate(find_faces(finder, pixels, settings.search)):
        affine = alignment(face.landmarks, canvas_px)
        is_cut = share_outside(affine, canvas_px, *pixels.shape[-2:]) > 0
        eyes_on_canvas = face.eye_distance_px / canvas_px
        if is_cut or eyes_on_canvas < _MIN_CANVAS_SHARE * settings.canonical_eye_distance:
            continue
        canvas = align(pixels, affine, canvas_px)
        if not (settings.is_plausible(face) and is_confirmed(finder, canvas, settings)):
            continue
        png = encode_png(canvas)
        sha256 = hashlib.sha256(png).hexdigest()
        path = folder / f"{sha256}.png"
        path.write_bytes(png)
        name = f"{photo.name}#{number}"
        found.append(CorpusPhoto(name, path, sha256, canvas_px, canvas_px, photo.split, photo.source, photo.licence))
    return found
