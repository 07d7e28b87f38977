"""The way of one photo, in three steps that may run at different places at once.

Fetch: find what an earlier run did, read the listed state, decode. Restore: the network. Publish: label, encode, write
the photo, its mask, and last its record. Each step takes what the one before returned, so nothing is shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from torch import Tensor

from ops.archive.copies import Copies, make_copies
from ops.archive.labels import Label, labelled
from ops.archive.pages import describe, facts_of, page_records
from ops.archive.provenance import (
    SHEET,
    CopyRecord,
    Derivative,
    Original,
    PageRecord,
    Picture,
    Provenance,
    ReleaseIdentity,
    from_json,
    provenance_key,
    to_json,
)
from ops.archive.review_rules import ReviewRules
from ops.archive.streaming import PixelBudget, Settled, Stopwatch
from ops.decoding import Decode
from ops.faces.records import FaceRecord
from ops.images import Photo, PhotoError, encode_pages, encode_png, page_key
from ops.restoration import Restoration
from ops.storage.protocol import (
    AccessDeniedError,
    KeyRefusedError,
    ObjectMissingError,
    SourceChangedError,
    Storage,
    StoredObject,
    WriteOutcome,
)

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "JP2": "jp2", "WEBP": "webp"}
_JPEG_XMP_BYTES = 65_000  # one segment
DENIED = "denied"  # the only refusal that is booked when the shard closes: if all are denied, the run is at fault
_UNREADABLE = {
    SourceChangedError: "source-changed",
    ObjectMissingError: "source-gone",
    KeyRefusedError: "unsafe-key",
    AccessDeniedError: DENIED,
}


@dataclass(frozen=True)
class Craft:
    """How photos are restored, the same for every photo of a release.

    Attributes:
        restore: old photo (1, 3, H, W) in [0, 1] -> `Restoration` of the same size.
        release: the model behind it.
        recipe: everything beside the release that decides a result; see `ops.archive.recipe`.
        decode: how strangers' files become photos; see `ops.decoding`.
        rules: which results wait for a person.
        software: name -> version of what had a part in it.
        sign: adds content credentials to an encoded file, given its container; None without a certificate.
        copies: what is written beside the results; None for nothing. Decides no result, so it is not in the recipe.
    """

    restore: Callable[[Tensor], Restoration]
    release: ReleaseIdentity
    recipe: str
    decode: Decode
    rules: ReviewRules
    software: Mapping[str, str]
    sign: Callable[[bytes, str], bytes] | None = None
    copies: Copies | None = None


@dataclass(frozen=True)
class Fetched:
    """A decoded photo: its pages, of which most have one."""

    listed: StoredObject
    started_at: datetime
    sha256: str
    pages: tuple[Photo, ...]

    @property
    def num_pixels(self) -> int:
        """Of all pages together."""
        return sum(page.num_pixels for page in self.pages)


@dataclass(frozen=True)
class Restored:
    """A photo and what the network made of each page, or why nothing."""

    fetched: Fetched
    restorations: tuple[Restoration, ...] | PhotoError


@dataclass(frozen=True)
class Desk:
    """Where the photos of one shard are worked on; its three steps may be called from any thread."""

    shard: str
    source: Storage
    target: Storage
    craft: Craft
    pixels: PixelBudget
    watch: Stopwatch

    def fetch(self, listed: StoredObject) -> Fetched | Settled[tuple[Provenance, bool]]:
        """Read and decode one photo; settled are those with a record already (True) and those refused here (False)."""
        with self.watch.stage("read"):
            record = self.find_record(listed)
        if record is not None:
            return Settled((record, True))
        started_at, sha256, lent = datetime.now(UTC), None, list[int]()
        try:
            with self.watch.stage("read"):
                data = self.source.read(listed.key, listed.etag)
            sha256 = hashlib.sha256(data).hexdigest()
            with self.watch.stage("decode"):
                return Fetched(listed, started_at, sha256, self.craft.decode(data, self._lend(lent)))
        except tuple(_UNREADABLE) as error:
            refusal = _Outcome(sha256, reason=_UNREADABLE[type(error)], message=str(error))
        except PhotoError as error:
            refusal = _Outcome(sha256, reason=error.reason, message=str(error))
        self.pixels.give_back(sum(lent))
        record = self._record(listed, started_at, refusal)
        return Settled((record if refusal.reason == DENIED else self.keep(record), False))

    def restore(self, fetched: Fetched) -> Restored:
        """Let the network work on one photo, page by page."""
        try:
            with self.watch.stage("network"):
                restorations = tuple(self.craft.restore(page.pixels) for page in fetched.pages)
        except PhotoError as error:
            return Restored(fetched, error)
        for page, restoration in zip(fetched.pages, restorations, strict=True):
            assert restoration.restored.shape == page.pixels.shape, "a restoration keeps the size of the photo"
        return Restored(fetched, restorations)

    def publish(self, restored: Restored) -> tuple[Provenance, bool]:
        """Write photo, mask and record; returns the record that stands, ours or a twin run's, and False."""
        fetched = restored.fetched
        try:
            outcome = self._encode_and_write(restored)
        except PhotoError as error:
            outcome = _Outcome(fetched.sha256, reason=error.reason, message=str(error))
        record = self.keep(self._record(fetched.listed, fetched.started_at, outcome))
        self.pixels.give_back(fetched.num_pixels)
        return record, False

    def find_record(self, photo: StoredObject) -> Provenance | None:
        """What an earlier run wrote down about this photo."""
        key = provenance_key(self.craft.release, self.shard, photo.key)
        try:
            record = from_json(self.target.read(key), key)
        except ObjectMissingError:
            return None
        check_recipe(self.shard, record.recipe, self.craft.recipe)
        return record

    def keep(self, record: Provenance) -> Provenance:
        """Write a record; returns the one that stands, which is a twin run's if that was first."""
        key = provenance_key(self.craft.release, self.shard, record.original.key)
        return from_json(self._publish(key, to_json(record)), key)

    def _lend(self, lent: list[int]) -> Callable[[int], None]:
        def reserve(num_pixels: int) -> None:
            """Wait until so many fit, and remember to give them back."""
            self.pixels.borrow(num_pixels)
            lent.append(num_pixels)

        return reserve

    def _encode_and_write(self, restored: Restored) -> _Outcome:
        if isinstance(restored.restorations, PhotoError):
            raise restored.restorations
        name, digest = restored.fetched.sha256, self.craft.release.digest
        restorations = restored.restorations
        flags = [self.craft.rules.flags(each.mask, each.facts) for each in restorations]
        raised = tuple(dict.fromkeys(flag for page in flags for flag in page))
        with self.watch.stage("encode"):
            pages = [self._label(page, name) for page in restored.fetched.pages]
            encoded = encode_pages([each.restored for each in restorations], pages)
            if self.craft.sign is not None:
                encoded = self.craft.sign(encoded, pages[0].container)
            masks = [encode_png(each.mask) for each in restorations]
        place = "held" if raised else "restored"
        key, mask_key = f"{place}/{digest}/{name}.{EXTENSIONS[pages[0].container]}", f"masks/{digest}/{name}.png"
        encoded = self._publish(key, encoded)
        kept = [self._publish_mask(page_key(mask_key, number), mask) for number, mask in enumerate(masks, 1)]
        derivative = Derivative(
            key=key,
            sha256=hashlib.sha256(encoded).hexdigest(),
            num_bytes=len(encoded),
            mask_key=mask_key,
            mask_sha256=kept[0][1],
        )
        records = page_records(pages, restorations, kept, flags)
        return _Outcome(
            name,
            describe(pages),
            derivative,
            facts_of(pages, restorations),
            raised,
            faces=() if records else restorations[0].faces,
            pages=records,
            copies=self._write_copies(restored.fetched, restorations, is_held=bool(raised)),
        )

    def _write_copies(
        self, fetched: Fetched, restorations: Sequence[Restoration], *, is_held: bool
    ) -> tuple[CopyRecord, ...]:  # fmt: skip
        craft, written = self.craft, []
        if craft.copies is None:
            return ()
        name = f"{craft.release.digest}/{fetched.sha256}"
        with self.watch.stage("copies"):
            made = make_copies(
                craft.copies, fetched.pages, restorations, name, is_held, lambda page: self._label(page, fetched.sha256)
            )
            for kind, key, data in made:
                signed = data if craft.sign is None or kind == SHEET else craft.sign(data, "JPEG")
                standing = self._publish(key, signed)
                written.append(CopyRecord(kind, key, hashlib.sha256(standing).hexdigest(), len(standing)))
        return tuple(written)

    def _publish_mask(self, key: str, mask: bytes) -> tuple[str, str]:
        return key, hashlib.sha256(self._publish(key, mask)).hexdigest()

    def _label(self, page: Photo, sha256: str) -> Photo:
        """The page with a label in its XMP; a packet that cannot take one is noted as left behind."""
        release = self.craft.release
        label = Label(release.name, release.version, sha256, release.sha256, self.craft.recipe)
        packet, is_kept = labelled(page.xmp, label)
        if page.container == "JPEG" and len(packet) > _JPEG_XMP_BYTES:
            packet, is_kept = labelled(None, label)[0], False
        return replace(page, xmp=packet, notes=page.notes if is_kept else (*page.notes, "xmp-dropped"))

    def _record(self, listed: StoredObject, started_at: datetime, outcome: _Outcome) -> Provenance:
        original = Original(self.source.location, listed.key, listed.etag, listed.size, outcome.sha256)
        return Provenance(
            shard=self.shard,
            status="refused" if outcome.derivative is None else "restored",
            reason=outcome.reason,
            message=outcome.message,
            original=original,
            picture=outcome.picture,
            derivative=outcome.derivative,
            release=self.craft.release,
            recipe=self.craft.recipe,
            facts=dict(outcome.facts),
            flags=outcome.flags,
            software=dict(self.craft.software),
            started_at=started_at,
            finished_at=datetime.now(UTC),
            faces=outcome.faces,
            pages=outcome.pages,
            copies=outcome.copies,
        )

    def _publish(self, key: str, data: bytes) -> bytes:
        """Write once; returns what stands there, which is a twin run's if that was first."""
        with self.watch.stage("write"):
            if self.target.write_once(key, data) is WriteOutcome.CONFLICT:
                return self.target.read(key)
            return data


def check_recipe(shard: str, found: str, wanted: str) -> None:
    """Refuse to mix recipes under one release.

    Raises:
        ValueError: a photo of the shard was restored with another recipe.
    """
    if found != wanted:
        raise ValueError(
            f"photos of shard {shard} were restored by the same release with recipe {found!r}, not {wanted!r}: "
            "release the model anew, or choose another target"
        )


@dataclass(frozen=True)
class _Outcome:
    """What the work on one photo came to; without a derivative it was refused."""

    sha256: str | None = None
    picture: Picture | None = None
    derivative: Derivative | None = None
    facts: Mapping[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    faces: tuple[FaceRecord, ...] = ()
    pages: tuple[PageRecord, ...] = ()
    copies: tuple[CopyRecord, ...] = ()
    reason: str | None = None
    message: str | None = None
