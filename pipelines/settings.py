"""Where things are: the few settings of an installation, read from the environment once."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """One installation of Albumen.

    Attributes:
        home: folder for everything Albumen writes (``ALBUMEN_HOME``, default ``.albumen``).
        clean_photos: folder or ``s3://bucket/prefix`` of clean photos to train with (``ALBUMEN_CLEAN_PHOTOS``); None
            takes the freely licensed photos that ordinary packages bring.
        old_photos: folder or ``s3://bucket/prefix`` of real old photos (``ALBUMEN_OLD_PHOTOS``); None without any.
        textures: folder or ``s3://bucket/prefix`` of scanned paper, scratches, dust (``ALBUMEN_TEXTURES``); None takes
            the paper tiles of a free package.
        face_photos: folder or ``s3://bucket/prefix`` of portraits to learn faces from (``ALBUMEN_FACE_PHOTOS``); None
            takes the faces in the clean photos.
        archive_source: the collection to restore, only ever read (``ALBUMEN_ARCHIVE_SOURCE``, default: the old photos,
            else a sample collection that the demo writes).
        archive_target: where restored photos go (``ALBUMEN_ARCHIVE_TARGET``).
        is_sample_archive: whether the collection is the demo's own (``ALBUMEN_SAMPLE_ARCHIVE=1``, or nothing was set).
        device: torch device for training and restoration (``ALBUMEN_DEVICE``, default ``cpu``).
    """

    home: Path
    clean_photos: str | None
    old_photos: str | None
    textures: str | None
    face_photos: str | None
    archive_source: str
    archive_target: str
    is_sample_archive: bool
    device: str

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the settings; an empty variable counts as unset."""
        home = Path(os.environ.get("ALBUMEN_HOME") or ".albumen").resolve()
        source = os.environ.get("ALBUMEN_ARCHIVE_SOURCE")
        old_photos = os.environ.get("ALBUMEN_OLD_PHOTOS") or None
        return cls(
            home=home,
            clean_photos=os.environ.get("ALBUMEN_CLEAN_PHOTOS") or None,
            old_photos=old_photos,
            textures=os.environ.get("ALBUMEN_TEXTURES") or None,
            face_photos=os.environ.get("ALBUMEN_FACE_PHOTOS") or None,
            archive_source=source or old_photos or str(home / "archive/originals"),
            archive_target=os.environ.get("ALBUMEN_ARCHIVE_TARGET") or str(home / "archive/restored"),
            is_sample_archive=bool(os.environ.get("ALBUMEN_SAMPLE_ARCHIVE")) or not (source or old_photos),
            device=os.environ.get("ALBUMEN_DEVICE") or "cpu",
        )
