from __future__ import annotations

import datetime
import io
import json
from pathlib import Path

import pytest
import torch
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ops.archive.content_credentials import content_credentials
from ops.archive.labels import DIGITAL_SOURCE_TYPE
from ops.archive.provenance import ReleaseIdentity
from ops.images import decode_photo, encode_jpeg, encode_photo, encode_png

RELEASE = ReleaseIdentity("albumen", "3", "ab" * 32)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate authority of one test, and a signer it vouches for."""
    now = datetime.datetime.now(datetime.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [
        x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "An Archive"), x509.NameAttribute(NameOID.COMMON_NAME, n)]
        )
        for n in ("Root", "Signer")
    ]
    chain = []
    for number in (0, 1):
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[number])
            .issuer_name(names[0])
            .public_key(keys[number].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=number == 0, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[number].public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(number == 1, False, False, False, False, number == 0, number == 0, False, False),
                critical=True,
            )
        )
        if number == 1:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(usage, critical=False)
        chain.insert(0, builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    certificate, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.write_bytes(b"".join(chain))
    pem, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key.write_bytes(keys[1].private_bytes(serialization.Encoding.PEM, pem, plain))
    return certificate, key


@pytest.mark.parametrize("container", ["JPEG", "PNG", "TIFF", "JP2"])
def test_signed_files_say_what_was_done_and_keep_their_pixels(certificate: tuple[Path, Path], container: str) -> None:
    c2pa = pytest.importorskip("c2pa", reason="the extra c2pa is not installed")
    plain = decode_photo(encode_png(torch.rand(1, 3, 40, 50)))
    data = encode_jpeg(plain.pixels) if container == "JPEG" else encode_photo(plain.pixels, plain, container)
    signed = content_credentials(*certificate, RELEASE)(data, container)
    assert torch.equal(decode_photo(signed).pixels, decode_photo(data).pixels)
    if container == "JP2":
        assert signed == data
        return
    with c2pa.Reader(
        {"JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff"}[container], io.BytesIO(signed)
    ) as r:
        report = json.loads(r.json())
    assert DIGITAL_SOURCE_TYPE in json.dumps(report)
    assert report["validation_state"] == "Valid"


def test_a_changed_bit_breaks_the_signature(certificate: tuple[Path, Path]) -> None:
    c2pa = pytest.importorskip("c2pa", reason="the extra c2pa is not installed")
    signed = bytearray(content_credentials(*certificate, RELEASE)(encode_jpeg(torch.rand(1, 3, 40, 50)), "JPEG"))
    signed[-200] ^= 1
    with c2pa.Reader("image/jpeg", io.BytesIO(bytes(signed))) as reader:
        assert json.loads(reader.json())["validation_state"] == "Invalid"


def test_a_key_that_is_none_is_named_without_its_words(tmp_path: Path) -> None:
    pytest.importorskip("c2pa", reason="the extra c2pa is not installed")
    (tmp_path / "key.pem").write_text("canary")
    with pytest.raises(ValueError, match="cannot sign") as caught:
        content_credentials(tmp_path / "key.pem", tmp_path / "key.pem", RELEASE)
    assert "canary" not in str(caught.value)


def test_without_the_package_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.archive.content_credentials.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"pip install albumen\[c2pa\]"):
        content_credentials(tmp_path / "a", tmp_path / "b", RELEASE)
