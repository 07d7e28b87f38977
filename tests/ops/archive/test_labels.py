from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from archive_samples import Negative, run

from ops.archive.labels import DIGITAL_SOURCE_TYPE, Label, labelled, read_label
from ops.images import decode_photo
from ops.storage.folder import FolderStorage

LABEL = Label("albumen", '3 "beta" <x>', "0" * 64, "1" * 64, "strength=1 & more")
PACKET = (
    '<?xpacket begin="\ufeff"?><x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<r:RDF><r:Description r:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="Großmutter" '
    'xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" e:DigitalSourceType="http://x/negativeFilm"/></r:RDF>'
    '</x:xmpmeta><?xpacket end="w"?>'
).encode()


@pytest.fixture
def new_location(tmp_path: Path) -> Callable[[str], str]:
    return lambda name: str(tmp_path / name)


def test_a_label_is_read_as_it_was_written() -> None:
    packet, _ = labelled(None, LABEL)
    assert read_label(packet) == LABEL
    assert read_label(PACKET) is None


def test_what_the_photo_said_of_itself_stays_but_its_source_type() -> None:
    packet, is_kept = labelled(PACKET, LABEL)
    assert is_kept
    assert read_label(packet) == LABEL
    text = packet.decode()
    assert 'dc:title="Großmutter"' in text
    assert text.count("DigitalSourceType=") == 1
    assert DIGITAL_SOURCE_TYPE in text
    assert "negativeFilm" not in text


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\xff\xfeno text",
        b"<x:xmpmeta",
        PACKET.replace(b"<?xpacket begin", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><?xpacket begin'),
        PACKET[:-60],
    ],
    ids=["empty", "no text", "torn", "entities", "cut"],
)
def test_a_packet_that_is_none_is_left_behind_and_said_so(packet: bytes) -> None:
    joined, is_kept = labelled(packet, LABEL)
    assert not is_kept
    assert read_label(joined) == LABEL
    assert b"ENTITY" not in joined


def test_every_restored_photo_says_what_it_is(source: FolderStorage, target: FolderStorage) -> None:
    for row in run(source, target, Negative()).rows:
        if row.output_key is not None:
            xmp = decode_photo(target.read(row.output_key)).xmp
            assert xmp is not None
            label = read_label(xmp)
            assert label == Label("albumen", "3", row.source_sha256 or "", "ab" * 32, "standard")
