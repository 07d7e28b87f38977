"""The record that explains one result: which photo, which model, what was found, what came out.

One JSON file per photo, written after the photo itself, restored or refused. It is the proof for the archive and,
since it is written last and only once, also the progress that survives a kill: what has a record is done.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ops.archive.labels import DIGITAL_SOURCE_TYPE
from ops.faces.records import FaceRecord

SCHEMA = "albumen-provenance/2"
ACCESS, SHEET = "access", "sheet"  # the kinds of a `CopyRecord`


@dataclass(frozen=True)
class ReleaseIdentity:
    """The model that restores.

    Attributes:
        name: of the registered model.
        version: of the registered model.
        sha256: of the released weights; decides where results lie, so a new release overwrites nothing.
    """

    name: str
    version: str
    sha256: str

    @property
    def digest(self) -> str:
        """The first 12 letters of the sha256, as they stand in keys."""
        return self.sha256[:12]


@dataclass(frozen=True)
class Original:
    """The photo as it was found. `sha256` is None where it could not be read."""

    location: str
    key: str
    etag: str
    num_bytes: int
    sha256: str | None


@dataclass(frozen=True)
class Picture:
    """What the original is as a picture; the restored one keeps all of it. Sizes in pixels, upright.

    `lost` names what the file held and the restored one does not, such as "iptc-dropped" or "reduced-copies-dropped".
    """

    container: str
    width: int
    height: int
    bits: int
    is_grey: bool
    has_icc: bool
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageRecord:
    """One page of a file with several: what it is, what was found and done, and its mask (PNG, white = damaged)."""

    picture: Picture
    mask_key: str
    mask_sha256: str
    facts: dict[str, float]
    flags: tuple[str, ...]
    faces: tuple[FaceRecord, ...] = ()


@dataclass(frozen=True)
class CopyRecord:
    """A copy made on request, of one page; its kind is ``ACCESS`` or ``SHEET``."""

    kind: str
    key: str
    sha256: str
    num_bytes: int


@dataclass(frozen=True)
class Derivative:
    """What was written: the restored photo and the mask of detected defects (PNG, white = damaged), of page one."""

    key: str
    sha256: str
    num_bytes: int
    mask_key: str
    mask_sha256: str
    digital_source_type: str = DIGITAL_SOURCE_TYPE


@dataclass(frozen=True)
class Provenance:
    """What happened to one photo.

    Attributes:
        shard: the shard it was restored in.
        status: "restored" or "refused".
        reason: of a refusal, as a short word ("truncated", "source-changed"); None for a restored photo.
        message: of a refusal, a sentence.
        picture: of a file with several pages the first one, with what any of them lost.
        facts: what the restoration measured ("damaged_fraction", "mean_change" ...), finite numbers; of several pages
            the means over all their pixels.
        faces: what became of each face; empty where nobody looked for faces, and where `pages` tell.
        flags: why the result waits for a person ("huge-mask", "large-change" ...); it then lies under "held/".
        software: name -> version of what had a part in it.
        started_at, finished_at: with time zone UTC.
        pages: one each where the file has more than one, in order; else empty.
        copies: what was asked for beside the result.
    """

    shard: str
    status: str
    reason: str | None
    message: str | None
    original: Original
    picture: Picture | None
    derivative: Derivative | None
    release: ReleaseIdentity
    recipe: str
    facts: dict[str, float]
    flags: tuple[str, ...]
    software: dict[str, str]
    started_at: datetime
    finished_at: datetime
    faces: tuple[FaceRecord, ...] = ()
    pages: tuple[PageRecord, ...] = ()
    copies: tuple[CopyRecord, ...] = ()

    def __post_init__(self) -> None:
        restored = self.status == "restored"
        if self.status not in {"restored", "refused"}:
            raise ValueError(f"status is restored or refused, got {self.status!r}")
        if restored != (self.derivative is not None and self.picture is not None and self.original.sha256 is not None):
            raise ValueError("a restored photo has a picture, a derivative and a source sha256; a refused one has not")
        if restored != (self.reason is None):
            raise ValueError(f"a refused photo has a reason and a restored one has none, got {self.reason!r}")


def provenance_key(release: ReleaseIdentity, shard: str, key: str) -> str:
    """Where the record of a photo lies; its key is hashed, since it may be any string at all."""
    return f"provenance/{release.digest}/{shard}/{photo_id(key)}.json"


def photo_id(key: str) -> str:
    """A name for a photo that is safe anywhere: 64 hexadecimal digits."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def to_json(record: Provenance) -> bytes:
    """Write a record as JSON (UTF-8, sorted names, times in ISO 8601)."""
    content = {"schema": SCHEMA, **asdict(record)}
    content |= {name: content[name].isoformat() for name in ("started_at", "finished_at")}
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def from_json(data: bytes, key: str) -> Provenance:
    """Read a record back and check it.

    Args:
        data: what `to_json` wrote.
        key: where it lay, for the error.

    Raises:
        ValueError: it is no such record; names the key, the fault and the cure.
    """
    try:
        content: dict[str, Any] = json.loads(data)
        if content.pop("schema", None) != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        content["original"] = Original(**content["original"])
        content["flags"] = tuple(content["flags"])
        # Older records have no faces, pages or copies.
        content["faces"] = tuple(FaceRecord(**face) for face in content.get("faces", ()))
        content["picture"] = content["picture"] and _picture(content["picture"])
        content["copies"] = tuple(CopyRecord(**copy) for copy in content.get("copies", ()))
        content["pages"] = tuple(_page(page) for page in content.get("pages", ()))
        content["derivative"] = content["derivative"] and Derivative(**content["derivative"])
        content["release"] = ReleaseIdentity(**content["release"])
        content |= {name: datetime.fromisoformat(content[name]) for name in ("started_at", "finished_at")}
        return Provenance(**content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{key} is no provenance record: {error}. Move it away; its photo is done anew.") from error


def _picture(content: dict[str, Any]) -> Picture:
    return Picture(**content | {"lost": tuple(content["lost"])})


def _page(content: dict[str, Any]) -> PageRecord:
    faces = tuple(FaceRecord(**face) for face in content["faces"])
    return PageRecord(
        **content | {"picture": _picture(content["picture"]), "flags": tuple(content["flags"]), "faces": faces}
    )
