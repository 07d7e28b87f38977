"""Which photographs this installation uses: the user's own where a setting names them, else those of free packages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ops.corpora.folders import folder_corpus
from ops.corpora.package_photos import PHOTO_PACKAGES, TEXTURE_PACKAGE, installed_pictures, packaged_photos
from ops.corpora.records import Corpus, Refusal, with_every_split

CLEAN_SETTING: Final = "ALBUMEN_CLEAN_PHOTOS"
OLD_SETTING: Final = "ALBUMEN_OLD_PHOTOS"
TEXTURE_SETTING: Final = "ALBUMEN_TEXTURES"

_log: Final = logging.getLogger(__name__)


def clean_corpus(
    location: str | None,
    cache: Path,
    include_packages: bool = True,
    log: Callable[[str], None] = _log.info,
    setting: str = CLEAN_SETTING,
) -> Corpus:
    """Undamaged photos to learn from and to be judged on.

    Args:
        location: the user's folder or ``s3://bucket/prefix``; None for the embedded default.
        cache: a local folder for downloads and indexes; made if it is not there.
        include_packages: let the default fetch free photo packages with apt; False stays offline.
        log: receives one line per step.
        setting: the name of the setting that holds ``location``, for messages.

    Raises:
        ValueError: the user's location holds no usable photo.
        StorageError: the user's storage does not answer.
    """
    if location is not None:
        return folder_corpus(location, "clean", setting, cache, log)
    photos = installed_pictures()
    refused: tuple[Refusal, ...] = ()
    if include_packages:
        packaged, refused = packaged_photos(PHOTO_PACKAGES, _made(cache / "free-photos"), log)
        photos += packaged
    corpus = Corpus("free-photos", with_every_split(photos), refused)
    log(
        f"clean photos: the embedded default, {len(corpus.train)} to train and {len(corpus.held_out)} held out, "
        f"{corpus.megapixels:.0f} megapixels"
    )
    return corpus


def old_corpus(
    location: str | None, cache: Path, log: Callable[[str], None] = _log.info, setting: str = OLD_SETTING
) -> Corpus:
    """Real old photos; none where no setting names any, for none with a free licence can be shipped.

    Raises:
        ValueError: the user's location holds no usable photo.
        StorageError: the user's storage does not answer.
    """
    return Corpus("old", ()) if location is None else folder_corpus(location, "old", setting, cache, log)


def texture_corpus(
    location: str | None,
    cache: Path,
    include_packages: bool = True,
    log: Callable[[str], None] = _log.info,
    setting: str = TEXTURE_SETTING,
) -> Corpus:
    """Scans of paper, scratches and dust to damage photos with.

    The embedded default is tiles of paper and canvas; none where apt is not there or packages are not wanted.

    Raises:
        ValueError: the user's location holds no usable picture.
        StorageError: the user's storage does not answer.
    """
    if location is not None:
        return folder_corpus(location, "textures", setting, cache, log)
    if not include_packages:
        return Corpus("textures", ())
    photos, refused = packaged_photos((TEXTURE_PACKAGE,), _made(cache / "textures"), log)
    return Corpus("textures", photos, refused)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()  # apt reads relative paths from its own root
