"""The label inside a restored file: an XMP packet that says which trained model made it from which original.

It joins the packet that the photo brought along. IPTC's digital source type is the field that catalogues and platforms
read; "AI system" fields are IPTC 2025.1. There is no time in it, so that a rerun writes the same bytes.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

# IPTC's term for a picture edited with generative AI; filling a scratch invents what nobody photographed.
DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
LABEL_VERSION = 1
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_OURS = "https://albumen.invalid/ns/1/"
_EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)
_OLD_TYPE = re.compile(
    r"""\s\w+:DigitalSourceType\s*=\s*(?:"[^"]*"|'[^']*')|<(\w+:DigitalSourceType)(?:\s[^>]*)?(?:/>|>.*?</\1>)""",
    re.DOTALL,
)
_END = re.compile(r"</([\w.-]+):RDF\s*>(?!.*</[\w.-]+:RDF\s*>)", re.DOTALL)


@dataclass(frozen=True)
class Label:
    """What a restored file says of itself."""

    system: str
    system_version: str
    source_sha256: str
    model_sha256: str
    recipe: str


def labelled(xmp: bytes | None, label: Label) -> tuple[bytes, bool]:
    """Put ``label`` into an XMP packet.

    Args:
        xmp: the packet of the photo, if it has one; its own digital source type is replaced.
        label: what to say.

    Returns:
        The packet, and whether the photo's own one is in it; one that is no well-formed XML is left behind.
    """
    for packet, is_kept in ((xmp, True), (_EMPTY.encode(), xmp is None)):
        if packet is not None:
            joined = _join(packet, label)
            if joined is not None:
                return joined, is_kept
    raise AssertionError("an empty packet takes every label")


def read_label(xmp: bytes) -> Label | None:
    """The label of a packet that `labelled` made; None where there is none."""
    for each in ET.fromstring(xmp.decode().strip("\ufeff")).iter(f"{{{_RDF}}}Description"):  # noqa: S314 (our own)
        if f"{{{_OURS}}}recipe" in each.attrib:
            ours = (f"{{{_OURS}}}{name}" for name in ("sourceSha256", "modelSha256", "recipe"))
            names = (f"{{{_EXT}}}AISystemUsed", f"{{{_EXT}}}AISystemVersionUsed", *ours)
            return Label(*(each.attrib[name] for name in names))
    return None


def _join(packet: bytes, label: Label) -> bytes | None:
    """The packet with the label as one more description; None if it cannot be told to be well-formed."""
    try:
        text = packet.decode().strip("\0")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            return None  # nobody writes them into XMP but to attack who reads it
        text = _OLD_TYPE.sub("", text)
        end = _END.search(text)
        if end is None:
            return None
        joined = text[: end.start()] + _description(label) + text[end.start() :]
        ET.fromstring(joined.strip("\ufeff"))  # noqa: S314 (no document type, so no entities)
    except (UnicodeDecodeError, ET.ParseError):
        return None
    return joined.encode()


def _description(label: Label) -> str:
    values = {
        "Iptc4xmpExt:DigitalSourceType": DIGITAL_SOURCE_TYPE,
        "Iptc4xmpExt:AISystemUsed": label.system,
        "Iptc4xmpExt:AISystemVersionUsed": label.system_version,
        "albumen:sourceSha256": label.source_sha256,
        "albumen:modelSha256": label.model_sha256,
        "albumen:recipe": label.recipe,
    }
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in values.items())
    return (
        f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about="" xmlns:Iptc4xmpExt="{_EXT}" xmlns:albumen="{_OURS}" '
        f"{attributes}/>"
    )
