"""The demo's own authority, and the certificate by which its buses know the centre (模擬)."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_DAYS = timedelta(days=365)


def make(folder: Path) -> None:
    """`ca.pem`, and for 127.0.0.1 `centre.pem` and `centre.key` (mode 0600). The authority's key is kept nowhere."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = _named("farebox demo 模擬")
    ca = (
        _begun(name, name, authority.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    certificate = (
        _begun(_named("127.0.0.1"), name, own.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    (folder / "centre.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "centre.key").touch(mode=0o600)
    (folder / "centre.key").write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    number = x509.random_serial_number()
    return builder.serial_number(number).not_valid_before(now - _DAYS).not_valid_after(now + _DAYS)
