"""From what the network made of a photo to the files that will be written: labelled, encoded, signed, named.

Nothing is written here, so a photo that cannot be encoded leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ops.archive.copies import Copy, make_copies
from ops.archive.craft import Craft
from ops.archive.labels import Label, labelled
from ops.archive.provenance import SHEET
from ops.images import Photo, encode_pages, encode_png, page_key
from ops.restoration import Restoration

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "JP2": "jp2", "WEBP": "webp"}
_JPEG_XMP_BYTES = 65_000  # one segment


@dataclass(frozen=True)
class Result:
    """All files of one restored photo but its record, ready to be written.

    Attributes:
        pages: of the original, labelled, with what they lost.
        flags: of each page, why it waits for a person.
        key: of the restored photo, under ``held/`` if any page waits.
        data: of the restored photo.
        masks: key and PNG of each page's mask.
        copies: what was asked for beside it.
    """

    pages: tuple[Photo, ...]
    flags: tuple[tuple[str, ...], ...]
    key: str
    data: bytes
    masks: tuple[tuple[str, bytes], ...]
    copies: tuple[Copy, ...]

    @property
    def raised(self) -> tuple[str, ...]:
        """The flags of all pages, each once."""
        return tuple(dict.fromkeys(flag for page in self.flags for flag in page))


def encode_result(pages: Sequence[Photo], sha256: str, restorations: Sequence[Restoration], craft: Craft) -> Result:
    """Encode what became of the pages of one file; names follow from its checksum and the release.

    Raises:
        PhotoError: a container cannot hold what belongs into it.
    """

    def label(page: Photo) -> Photo:
        """The page with this run's label."""
        return _labelled(page, sha256, craft)

    flags = tuple(craft.rules.flags(each.mask, each.facts) for each in restorations)
    name, is_held = f"{craft.release.digest}/{sha256}", any(flags)
    known = tuple(label(page) for page in pages)
    container = known[0].container
    data = _signed(encode_pages([each.restored for each in restorations], known), container, craft)
    masks = enumerate((encode_png(each.mask) for each in restorations), 1)
    copies = () if craft.copies is None else make_copies(craft.copies, pages, restorations, name, is_held, label)
    return Result(
        pages=known,
        flags=flags,
        key=f"{'held' if is_held else 'restored'}/{name}.{EXTENSIONS[container]}",
        data=data,
        masks=tuple((page_key(f"masks/{name}.png", number), mask) for number, mask in masks),
        copies=tuple(
            copy if copy.kind == SHEET else copy._replace(data=_signed(copy.data, "JPEG", craft)) for copy in copies
        ),
    )


def _signed(data: bytes, container: str, craft: Craft) -> bytes:
    return data if craft.sign is None else craft.sign(data, container)


def _labelled(page: Photo, sha256: str, craft: Craft) -> Photo:
    """The page with a label in its XMP; a packet that cannot take one is noted as left behind."""
    release = craft.release
    label = Label(release.name, release.version, sha256, release.sha256, craft.recipe)
    packet, is_kept = labelled(page.xmp, label)
    if page.container == "JPEG" and len(packet) > _JPEG_XMP_BYTES:
        packet, is_kept = labelled(None, label)[0], False
    return replace(page, xmp=packet, notes=page.notes if is_kept else (*page.notes, "xmp-dropped"))
