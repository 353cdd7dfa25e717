"""BIND's dnssec-signzone, for zones that come signed."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import dns.name
import dns.rdatatype
import dns.zone
import pytest

_SECONDS = 60.0
ALGORITHM = "ECDSAP256SHA256"
# What dnssec-signzone is told to prove absence with.
PROOFS = {
    "nsec": (),
    "nsec3": ("-3", "aabb", "-H", "5"),
    "opt-out": ("-3", "-", "-A"),
}


class Signed(NamedTuple):
    """A master file, its key as a DNSKEY record, and what proves absence in it."""

    path: Path
    key: str
    proof: str


def sign_zone(origin: str, text: str, folder: Path, proof: str) -> Signed:
    """Sign a zone with one key; the test is skipped where the tools are missing."""
    if shutil.which("dnssec-signzone") is None:
        pytest.skip("dnssec-signzone is not installed (Debian: bind9-utils)")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "unsigned").write_text(text)
    made = _run(["dnssec-keygen", "-q", "-a", ALGORITHM, "-f", "KSK", origin], folder)
    path = folder / f"{origin}zone"
    command = ["dnssec-signzone", "-S", "-z", "-Q", "-o", origin, *PROOFS[proof]]
    _run([*command, "-O", "full", "-f", path.name, "unsigned"], folder)
    key = (folder / f"{made.split()[-1]}.key").read_text().splitlines()[-1]
    return Signed(path, key, proof)


def anchor_of(signed: Signed) -> str:
    """The key as a resolver is told to trust it."""
    owner, _, _, *rdata = signed.key.split()
    return f"{owner} DNSKEY {' '.join(rdata)}"


def read(origin: str, signed: Signed) -> dns.zone.Zone:
    """The signed zone, with absolute names."""
    return dns.zone.from_file(str(signed.path), origin=origin, relativize=False)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
