from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.archive.labels import DIGITAL_SOURCE_TYPE
from ops.archive.provenance import (
    Derivative,
    Original,
    Picture,
    Provenance,
    ReleaseIdentity,
    from_json,
    provenance_key,
    to_json,
)
from ops.faces.records import FaceRecord

RECORD = Provenance(
    shard="attic-00000",
    status="restored",
    reason=None,
    message=None,
    original=Original("s3://archive/attic", "box 1/Großmutter.tif", "9f-2c", 1234, "0" * 64),
    picture=Picture("TIFF", 40, 30, 16, is_grey=False, has_icc=True, lost=("iptc-dropped",)),
    derivative=Derivative("restored/abab/0.tif", "1" * 64, 999, "masks/abab/0.png", "2" * 64),
    release=ReleaseIdentity("albumen", "3", "ab" * 32),
    recipe="standard",
    facts={"damaged_fraction": 0.25},
    flags=("huge-mask",),
    software={"albumen": "0.1.0"},
    started_at=datetime(2025, 1, 2, 3, 4, 5, 678, UTC),
    finished_at=datetime(2025, 1, 2, 3, 4, 9, 0, UTC),
)
FACES = (
    FaceRecord(10.0, 12.5, 8.0, 0.99, "enhanced", 0.01, 0.02),
    FaceRecord(30.0, 12.5, 4.0, 0.98, "left: too small", None, None),
)
REFUSED = replace(
    RECORD,
    status="refused",
    reason="truncated",
    message="It ends early.",
    picture=None,
    derivative=None,
    facts={},
    flags=(),
)


@pytest.mark.parametrize(
    "record", [RECORD, replace(RECORD, faces=FACES), REFUSED], ids=["restored", "with faces", "refused"]
)
def test_a_record_is_read_as_it_was_written(record: Provenance) -> None:
    assert from_json(to_json(record), "key") == record


def test_a_record_from_before_there_were_faces_is_read() -> None:
    content = json.loads(to_json(RECORD))
    del content["faces"]
    assert from_json(json.dumps(content).encode(), "key") == RECORD


def test_a_restored_photo_says_that_a_trained_algorithm_worked_on_it() -> None:
    assert json.loads(to_json(RECORD))["derivative"]["digital_source_type"] == DIGITAL_SOURCE_TYPE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        to_json(RECORD)[:-100],
        b"[]",
        to_json(RECORD).replace(b"albumen-provenance/2", b"albumen-provenance/9"),
        to_json(RECORD).replace(b'"recipe"', b'"receipt"'),
        to_json(RECORD).replace(b'"restored"', b'"perhaps"'),
    ],
    ids=["empty", "torn", "list", "schema", "name", "status"],
)
def test_what_is_no_record_is_named(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"provenance/x is no provenance record.*Move it away"):
        from_json(data, "provenance/x")


def test_a_refusal_has_a_reason_and_a_result_has_none() -> None:
    with pytest.raises(ValueError, match="reason"):
        replace(REFUSED, reason=None)
    with pytest.raises(ValueError, match="reason"):
        replace(RECORD, reason="truncated")


def test_a_restored_photo_cannot_lack_its_result() -> None:
    with pytest.raises(ValueError, match="derivative"):
        replace(RECORD, derivative=None)


def test_no_photo_key_shows_in_the_name_of_its_record() -> None:
    key = provenance_key(RECORD.release, "attic-00000", "../../x\n")
    assert key.startswith("provenance/abababababab/attic-00000/")
    assert len(key.rpartition("/")[2]) == 64 + len(".json")
