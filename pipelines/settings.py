"""Where things are: the few settings of an installation, read from the environment once."""

import os
from dataclasses import dataclass
from pathlib import Path

MODELS = ("shipped", "trained")  # the values of ops.chosen_model.ModelChoice, which would bring torch along


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
        annotated_photos: folder or ``s3://bucket/prefix`` of old photos with masks of their damage
            (``ALBUMEN_ANNOTATED_PHOTOS``), to fine-tune the defect detector on and to judge it by; None without any.
        archive_source: the collection to restore, only ever read (``ALBUMEN_ARCHIVE_SOURCE``, default: the old photos,
            else a sample collection that the demo writes).
        archive_target: where restored photos go (``ALBUMEN_ARCHIVE_TARGET``).
        archive_inventory: where S3 delivers the inventory of that collection, as ``s3://bucket/prefix`` or a
            ``manifest.json`` (``ALBUMEN_ARCHIVE_INVENTORY``); "" lists the collection itself.
        source_profile: AWS profile to read the collection with (``ALBUMEN_ARCHIVE_SOURCE_PROFILE``), which then needs
            no right to write; "" for the credentials of everything else.
        access_px: longest side of the access copies that archive runs write (``ALBUMEN_ARCHIVE_ACCESS_PX``); 0, the
            default, writes none.
        has_sheets: whether they write review sheets (``ALBUMEN_ARCHIVE_SHEETS=1``).
        is_sample_archive: whether the collection is the demo's own (``ALBUMEN_SAMPLE_ARCHIVE=1``, or nothing was set).
        model: which model restores (``ALBUMEN_MODEL``): ``shipped``, the default, comes with the project; ``trained``
            is the newest one that was trained and released here.
        face_strength: how far faces are enhanced, 0 to 1 (``ALBUMEN_FACE_STRENGTH``); None does as the model says.
        tone_strength: how far fading and casts are taken back, 0 to 1 (``ALBUMEN_TONE_STRENGTH``, default 1).
        all_marks: restore all that the detector marks, also on photos that look sound (``ALBUMEN_ALL_MARKS``).
        device: torch device for training and restoration (``ALBUMEN_DEVICE``, default ``cpu``).
        gpus: over how many of them one training is spread, a process each (``ALBUMEN_GPUS``, default 1).
        vgg: file of VGG's weights for the perceptual loss of a training (``ALBUMEN_VGG``); None trains without them.
        inception: file of FID's Inception network (``ALBUMEN_INCEPTION``); None leaves FID out of the scores.
    """

    home: Path
    clean_photos: str | None
    old_photos: str | None
    textures: str | None
    face_photos: str | None
    annotated_photos: str | None
    archive_source: str
    archive_target: str
    archive_inventory: str
    source_profile: str
    access_px: int
    has_sheets: bool
    is_sample_archive: bool
    model: str
    face_strength: float | None
    tone_strength: float
    all_marks: bool
    device: str
    gpus: int
    vgg: str | None
    inception: str | None

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the settings; an empty variable counts as unset.

        Raises:
            ValueError: ``ALBUMEN_MODEL`` is neither of its two values, or a number is none.
        """
        home = Path(os.environ.get("ALBUMEN_HOME") or ".albumen").resolve()
        source = os.environ.get("ALBUMEN_ARCHIVE_SOURCE")
        old_photos = os.environ.get("ALBUMEN_OLD_PHOTOS") or None
        return cls(
            home=home,
            clean_photos=os.environ.get("ALBUMEN_CLEAN_PHOTOS") or None,
            old_photos=old_photos,
            textures=os.environ.get("ALBUMEN_TEXTURES") or None,
            face_photos=os.environ.get("ALBUMEN_FACE_PHOTOS") or None,
            annotated_photos=os.environ.get("ALBUMEN_ANNOTATED_PHOTOS") or None,
            archive_source=source or old_photos or str(home / "archive/originals"),
            archive_target=os.environ.get("ALBUMEN_ARCHIVE_TARGET") or str(home / "archive/restored"),
            archive_inventory=os.environ.get("ALBUMEN_ARCHIVE_INVENTORY") or "",
            source_profile=os.environ.get("ALBUMEN_ARCHIVE_SOURCE_PROFILE") or "",
            access_px=_pixels("ALBUMEN_ARCHIVE_ACCESS_PX"),
            has_sheets=bool(os.environ.get("ALBUMEN_ARCHIVE_SHEETS")),
            is_sample_archive=bool(os.environ.get("ALBUMEN_SAMPLE_ARCHIVE")) or not (source or old_photos),
            model=_model(os.environ.get("ALBUMEN_MODEL") or MODELS[0]),
            face_strength=_share("ALBUMEN_FACE_STRENGTH", "faces"),
            tone_strength=1.0 if (tone := _share("ALBUMEN_TONE_STRENGTH", "the tone")) is None else tone,
            all_marks=bool(os.environ.get("ALBUMEN_ALL_MARKS")),
            device=os.environ.get("ALBUMEN_DEVICE") or "cpu",
            gpus=_count(os.environ.get("ALBUMEN_GPUS") or "1"),
            vgg=os.environ.get("ALBUMEN_VGG") or None,
            inception=os.environ.get("ALBUMEN_INCEPTION") or None,
        )


def _model(name: str) -> str:
    if name not in MODELS:
        raise ValueError(f"ALBUMEN_MODEL={name} is none of {', '.join(MODELS)}")
    return name


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"ALBUMEN_GPUS={text} is no count; give 1 or more")
    return int(text)


def _pixels(variable: str) -> int:
    text = os.environ.get(variable) or "0"
    if not text.isdecimal():
        raise ValueError(f"{variable}={text} is no number of pixels: give a whole one, such as 2048, or leave it unset")
    return int(text)


def _share(variable: str, left: str) -> float | None:
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{variable}={text} is no number from 0 to 1; 0 leaves {left} as before, or leave it unset")
    return share
