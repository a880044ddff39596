"""Authorities and certificates of one test run, as the PEM files that servers and clients read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

DAY = timedelta(days=1)


class Authority:
    """Signs certificates and writes them into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._authority = trustme.CA(organization_name=name)
        self.cafile = folder / f"{name}-authority.pem"
        self._authority.cert_pem.write_to_path(str(self.cafile))

    def server(self, name: str, *names: str) -> Path:
        """Key and certificate in one file, for a server of these names or addresses."""
        return self._written(name, self._authority.issue_cert(*names))

    def client(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of a client; Kafka calls it `CN=<name>,OU=test,O=voxpop`."""
        issued = self._authority.issue_cert(
            f"{name}.test",
            common_name=name,
            organization_name="voxpop",
            organization_unit_name="test",
        )
        return self._written(name, issued), self._folder / f"{self._name}-{name}-key.pem"

    def expired(self, name: str, *names: str) -> Path:
        """As `server`, of a certificate that was good until yesterday."""
        yesterday = datetime.now(UTC) - DAY
        return self._written(
            name,
            self._authority.issue_cert(
                *names, not_before=yesterday - DAY, not_after=yesterday, common_name=name
            ),
        )

    def encrypted_key(self, name: str) -> tuple[Path, Path]:
        """Certificate of a client, and its key under a password."""
        certificate, key = self.client(name)
        locked = key.with_name(f"{name}-locked.pem")
        locked.write_bytes(
            load_pem_private_key(key.read_bytes(), None).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame")
            )
        )
        return certificate, locked

    def _written(self, name: str, issued: trustme.LeafCert) -> Path:
        """Kafka reads keys as PKCS #8 alone; OpenSSL reads any."""
        key = load_pem_private_key(issued.private_key_pem.bytes(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        (self._folder / f"{self._name}-{name}-key.pem").write_bytes(key)
        both = self._folder / f"{self._name}-{name}.pem"
        both.write_bytes(key + chain)
        return both
