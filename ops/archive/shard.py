"""Restoring a shard: every photo of it ends restored or refused, whatever happens on the way.

The way of one photo, straight down: read (the listed state only), decode, restore, encode, write the photo, write its
mask, write its provenance record. A run that is killed anywhere leaves at most one photo without a record, which the
next run does again; a photo with a record is never touched again. When all have one, the ledger closes the shard.
A bad photo is a row of the ledger. Everything else that fails stops the run and leaves the shard open.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from torch import Tensor

from ops.archive.ledger import LedgerRow, ledger_key, ledger_row, read_ledger, write_ledger
from ops.archive.manifest import Shard
from ops.archive.provenance import (
    Derivative,
    Original,
    Picture,
    Provenance,
    ReleaseIdentity,
    from_json,
    provenance_key,
    software_versions,
    to_json,
)
from ops.images import Photo, PhotoError, decode_photo, encode_photo, encode_png
from ops.restoration import Restoration
from ops.storage.protocol import (
    KeyRefusedError,
    ObjectMissingError,
    SourceChangedError,
    Storage,
    StoredObject,
    WriteOutcome,
)

_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "JP2": "jp2", "WEBP": "webp"}
_UNREADABLE = {
    SourceChangedError: "source-changed",
    ObjectMissingError: "source-gone",
    KeyRefusedError: "unsafe-key",
}


@dataclass(frozen=True)
class ShardReport:
    """What a run did.

    Attributes:
        shard: its id.
        ledger_key: where the ledger lies at the target.
        rows: the ledger.
        num_done_before: photos that an earlier run had finished.
    """

    shard: str
    ledger_key: str
    rows: tuple[LedgerRow, ...]
    num_done_before: int

    @property
    def num_restored(self) -> int:
        """Photos restored, by this run or an earlier one."""
        return sum(row.status == "restored" for row in self.rows)

    @property
    def refusals(self) -> dict[str, int]:
        """Number of refused photos per reason."""
        return dict(Counter(row.reason for row in self.rows if row.reason is not None))


def restore_shard(
    shard: Shard,
    source: Storage,
    target: Storage,
    restore: Callable[[Tensor], Restoration],
    release: ReleaseIdentity,
    recipe: str,
    progress: Callable[[int, int, LedgerRow], None] | None = None,
) -> ShardReport:
    """Restore what is still missing of a shard, and close it with its ledger.

    Args:
        shard: of the manifest.
        source: holds the originals; is only read.
        target: receives photos, masks, records and the ledger.
        restore: old photo (1, 3, H, W) in [0, 1] -> `Restoration` of the same size.
        release: the model behind `restore`.
        recipe: id of the settings of `restore`; a release is always run with the same ones.
        progress: is told (photos done, photos in all, row of the last one) after each photo.

    Raises:
        StorageError: a storage failed or cannot keep its promises; the shard stays open, run again.
        ValueError: the target lies in the source, or the release was run with another recipe before.
    """
    if f"{target.location}/".startswith(f"{source.location}/"):
        raise ValueError(f"the target {target.location} lies in the source {source.location}: choose one outside")
    key = ledger_key(release, shard.id)
    closed = read_ledger(target, key)
    if closed is not None:
        _check_books(shard, closed)
        _check_recipe(shard.id, closed[0].recipe, recipe)
        return ShardReport(shard.id, key, closed, num_done_before=len(closed))
    target.probe_conditional_writes()
    desk = _Desk(shard.id, source, target, restore, release, recipe, software_versions())
    rows, num_done_before = [], 0
    for number, photo in enumerate(shard.photos, start=1):
        record = desk.find_record(photo)
        num_done_before += record is not None
        rows.append(ledger_row(record or desk.settle(photo)))
        if progress is not None:
            progress(number, len(shard.photos), rows[-1])
    _check_books(shard, rows)
    return ShardReport(shard.id, key, write_ledger(target, key, rows), num_done_before)


@dataclass(frozen=True)
class _Desk:
    """Where the photos of one shard are worked on, one after the other."""

    shard: str
    source: Storage
    target: Storage
    restore: Callable[[Tensor], Restoration]
    release: ReleaseIdentity
    recipe: str
    software: dict[str, str]

    def find_record(self, photo: StoredObject) -> Provenance | None:
        """What an earlier run wrote down about this photo."""
        key = provenance_key(self.release, self.shard, photo.key)
        try:
            record = from_json(self.target.read(key), key)
        except ObjectMissingError:
            return None
        _check_recipe(self.shard, record.recipe, self.recipe)
        return record

    def settle(self, listed: StoredObject) -> Provenance:
        """Restore or refuse one photo and write its record; returns the record that stands, ours or a twin run's."""
        started_at = datetime.now(UTC)
        outcome = self._work(listed)
        record = Provenance(
            shard=self.shard,
            status="refused" if outcome.derivative is None else "restored",
            reason=outcome.reason,
            message=outcome.message,
            original=Original(self.source.location, listed.key, listed.etag, listed.size, outcome.sha256),
            picture=outcome.picture,
            derivative=outcome.derivative,
            release=self.release,
            recipe=self.recipe,
            facts=dict(outcome.facts),
            software=self.software,
            started_at=started_at,
            finished_at=datetime.now(UTC),
        )
        key = provenance_key(self.release, self.shard, listed.key)
        return from_json(self._publish(key, to_json(record)), key)

    def _work(self, listed: StoredObject) -> _Outcome:
        try:
            data = self.source.read(listed.key, listed.etag)
        except tuple(_UNREADABLE) as error:
            return _Outcome(reason=_UNREADABLE[type(error)], message=str(error))
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            photo = decode_photo(data)
            restoration = self.restore(photo.pixels)
            restored = encode_photo(restoration.restored, photo)
        except PhotoError as error:
            return _Outcome(sha256, reason=error.reason, message=str(error))
        assert restoration.restored.shape == photo.pixels.shape, "a restoration keeps the size of the photo"
        derivative = self._write_derivative(sha256, photo.container, restored, encode_png(restoration.mask))
        return _Outcome(sha256, _describe(photo), derivative, restoration.facts)

    def _write_derivative(self, sha256: str, container: str, restored: bytes, mask: bytes) -> Derivative:
        key = f"restored/{self.release.digest}/{sha256}.{_EXTENSIONS[container]}"
        mask_key = f"masks/{self.release.digest}/{sha256}.png"
        restored, mask = self._publish(key, restored), self._publish(mask_key, mask)
        return Derivative(
            key=key,
            sha256=hashlib.sha256(restored).hexdigest(),
            num_bytes=len(restored),
            mask_key=mask_key,
            mask_sha256=hashlib.sha256(mask).hexdigest(),
        )

    def _publish(self, key: str, data: bytes) -> bytes:
        """Write once; returns what stands there, which is a twin run's if that was first."""
        if self.target.write_once(key, data) is WriteOutcome.CONFLICT:
            return self.target.read(key)
        return data


@dataclass(frozen=True)
class _Outcome:
    """What the work on one photo came to; without a derivative it was refused."""

    sha256: str | None = None
    picture: Picture | None = None
    derivative: Derivative | None = None
    facts: Mapping[str, float] = field(default_factory=dict)
    reason: str | None = None
    message: str | None = None


def _describe(photo: Photo) -> Picture:
    height, width = photo.pixels.shape[-2:]
    return Picture(photo.container, width, height, photo.bits, photo.is_grey, photo.icc is not None)


def _check_books(shard: Shard, rows: Sequence[LedgerRow]) -> None:
    """In = restored + refused, photo by photo."""
    listed, booked = [photo.key for photo in shard.photos], [row.key for row in rows]
    assert listed == booked, (
        f"shard {shard.id}: {len(listed)} photos listed, {len(booked)} booked, or not the same ones"
    )


def _check_recipe(shard: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise ValueError(
            f"photos of shard {shard} were restored by the same release with recipe {found!r}, not {wanted!r}: "
            "release the model anew, or choose another target"
        )
