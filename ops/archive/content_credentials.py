"""C2PA content credentials for restored files, when the archive has a certificate.

Signed last, since any later change breaks the signature: `ops.archive.desk` writes what comes out of here. JPEG, PNG,
TIFF and WebP can carry credentials; JPEG 2000 cannot and goes unsigned. Works without a network: no time-stamp service
is asked. Needs the package `c2pa-python` (``pip install albumen[c2pa]``).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from ops.archive.labels import DIGITAL_SOURCE_TYPE
from ops.archive.provenance import ReleaseIdentity

_MIME = {"JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff", "WEBP": "image/webp"}


def content_credentials(
    certificate: Path, private_key: Path, release: ReleaseIdentity
) -> Callable[[bytes, str], bytes]:  # fmt: skip
    """Make the signer of an archive run.

    Args:
        certificate: PEM chain, the signer's own (with the e-mail protection usage) first.
        private_key: PEM of an ES256 key; is read once, and stands in no record.
        release: named as the software that worked on the photo.

    Returns:
        Encoded file and its container -> the file with credentials.

    Raises:
        ValueError: the package is missing, or certificate and key cannot be used.
    """
    if find_spec("c2pa") is None:
        raise ValueError("content credentials need the package c2pa-python: pip install albumen[c2pa], or unset them")
    import c2pa

    try:
        info = c2pa.C2paSignerInfo(b"es256", certificate.read_bytes(), private_key.read_bytes(), None)
        c2pa.Signer.from_info(info).close()
    except (OSError, c2pa.C2paError) as error:
        raise ValueError(
            f"{certificate} and its key cannot sign ({type(error).__name__}): give a PEM chain and a PEM ES256 key"
        ) from error
    manifest = json.dumps(_manifest(release))

    def sign(data: bytes, container: str) -> bytes:
        """The file with credentials; as it was where its container holds none."""
        if container not in _MIME:
            return data
        signed = io.BytesIO()
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(manifest) as builder:
            builder.sign(signer, _MIME[container], io.BytesIO(data), signed)
        return signed.getvalue()

    return sign


def _manifest(release: ReleaseIdentity) -> dict[str, object]:
    action = {
        "action": "c2pa.edited",
        "digitalSourceType": DIGITAL_SOURCE_TYPE,
        "description": "scratches, stains and fading restored by a trained model",
        "softwareAgent": {"name": f"albumen {release.name}", "version": release.version},
    }
    scanned = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/print",
        "description": "digitised from a photograph, before and outside this software",
    }
    return {
        "claim_generator_info": [{"name": "albumen", "version": release.version}],
        "title": "restored photograph",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [scanned, action]}}],
    }
