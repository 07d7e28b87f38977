"""The way of one photo, in three steps that may run at different places at once.

Fetch: find what an earlier run did, read the listed state, decode. Restore: the network. Publish: label, encode, write
the photo, its mask, and last its record. Each step takes what the one before returned, so nothing is shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ops.archive.craft import Craft
from ops.archive.pages import describe, facts_of, page_records
from ops.archive.provenance import (
    CopyRecord,
    Derivative,
    Original,
    PageRecord,
    Picture,
    Provenance,
    from_json,
    provenance_key,
    to_json,
)
from ops.archive.results import encode_result
from ops.archive.streaming import PixelBudget, Settled, Stopwatch
from ops.faces.records import FaceRecord
from ops.images import Photo, PhotoError
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

DENIED = "denied"  # the only refusal that is booked when the shard closes: if all are denied, the run is at fault
_UNREADABLE = {
    SourceChangedError: "source-changed",
    ObjectMissingError: "source-gone",
    KeyRefusedError: "unsafe-key",
    AccessDeniedError: DENIED,
}


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
        fetched, restorations = restored.fetched, restored.restorations
        if isinstance(restorations, PhotoError):
            raise restorations
        with self.watch.stage("encode"):
            result = encode_result(fetched.pages, fetched.sha256, restorations, self.craft)
        sha256, num_bytes = self._publish_whole(result.key, result.data)
        masks = [(key, self._publish_whole(key, mask)[0]) for key, mask in result.masks]
        copies = tuple(CopyRecord(kind, key, *self._publish_whole(key, data)) for kind, key, data in result.copies)
        records = page_records(result.pages, restorations, masks, result.flags)
        return _Outcome(
            fetched.sha256,
            describe(result.pages),
            Derivative(result.key, sha256, num_bytes, *masks[0]),
            facts_of(result.pages, restorations),
            result.raised,
            faces=() if records else restorations[0].faces,
            pages=records,
            copies=copies,
        )

    def _publish_whole(self, key: str, data: bytes) -> tuple[str, int]:
        """Write once; returns checksum and size of what stands there."""
        standing = self._publish(key, data)
        return hashlib.sha256(standing).hexdigest(), len(standing)

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
