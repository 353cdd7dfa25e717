"""Zones that we sign, as a resolver that validates sees them."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.unbound import Unbound, validating
from tests.servers import ServerProcess, running, write_zones
from zoneserver.names import Name
from zoneserver.service.keeping.zone_keys import read_life

ZONE = """
'':
  - {type: NS, values: [ns1.example.com., ns2.example.net.]}
  - {type: MX, value: {preference: 10, exchange: mail.example.com.}}
ns1: {type: A, value: 192.0.2.1}
mail: {type: A, value: 192.0.2.25}
_25._tcp.mail:
  type: TLSA
  value:
    certificate_usage: 3
    selector: 1
    matching_type: 1
    certificate_association_data: {digest}
a.b.c: {type: TXT, value: below empty names}
'*.w': {type: MX, value: {preference: 5, exchange: mail.example.com.}}
www: {type: CNAME, value: mail.example.com.}
gone: {type: CNAME, value: nobody.example.com.}
'*.alias': {type: CNAME, value: mail.example.com.}
""".replace("{digest}", "0123456789abcdef" * 4)
PROOFS = {
    "nsec": "true",
    "nsec3": "{nsec3: true}",
    "opt-out": "{nsec3: true, opt_out: true}",
    "ed25519": "{algorithm: ed25519}",
    "rsa": "{algorithm: RSASHA256}",
}
# What is asked, and the RCODE; all of it has to be proven. Where a hash has to cover a name,
# with opt-out it may cover a delegation, too, and no resolver calls that proven (RFC 5155 9.2).
QUESTIONS = [
    ("example.com.", "MX", "NOERROR"),
    ("example.com.", "SOA", "NOERROR"),
    ("example.com.", "DNSKEY", "NOERROR"),
    ("example.com.", "CDS", "NOERROR"),
    ("example.com.", "TXT", "NOERROR"),  # no data
    ("_25._tcp.mail.example.com.", "TLSA", "NOERROR"),
    ("mail.example.com.", "AAAA", "NOERROR"),
    ("_tcp.mail.example.com.", "A", "NOERROR"),  # an empty non-terminal
    ("b.c.example.com.", "A", "NOERROR"),
    ("*.w.example.com.", "MX", "NOERROR"),
    ("www.example.com.", "A", "NOERROR"),
]
COVERED = [
    ("nobody.example.com.", "A", "NXDOMAIN"),
    ("x.y.mail.example.com.", "A", "NXDOMAIN"),
    ("x.w.example.com.", "MX", "NOERROR"),  # made by a wildcard
    ("x.y.w.example.com.", "MX", "NOERROR"),
    ("x.w.example.com.", "A", "NOERROR"),  # no data of one
    ("gone.example.com.", "A", "NXDOMAIN"),
    ("x.alias.example.com.", "A", "NOERROR"),
    ("x.alias.example.com.", "TXT", "NOERROR"),
]


def _ds(folder: Path) -> str:
    """The DS of the zone's key."""
    origin = Name.parse("example.com.")
    life = read_life(folder / "state", origin)
    assert life is not None
    (key,) = life.keys
    return key.key.ds(origin).text


def _anchor(folder: Path) -> str:
    """The same as a record."""
    return f"example.com. DS {_ds(folder)}"


@pytest.fixture(scope="module", params=["native", "portable"])
def engine(request: pytest.FixtureRequest) -> str:
    """Either engine."""
    name: str = request.param
    return name


@pytest.fixture(scope="module", params=PROOFS)
def proof(request: pytest.FixtureRequest) -> str:
    """Each way of signing."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def resolver(
    proof: str, engine: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Unbound]:
    """A resolver in front of a server."""
    folder = tmp_path_factory.mktemp("dnssec")
    write_zones(folder, example_com=f"$dnssec: {PROOFS[proof]}\n{ZONE}")
    with running(folder, "--state", "state", "--engine", engine) as server:
        (port,) = server.ports()
        with validating(folder / "unbound", "example.com", _anchor(folder), port) as unbound:
            yield unbound


@pytest.mark.parametrize(("qname", "qtype", "rcode"), QUESTIONS)
def test_answers_are_proven(resolver: Unbound, qname: str, qtype: str, rcode: str) -> None:
    """What is there, and what is not."""
    assert (rcode, True) == resolver.ask(qname, qtype)


@pytest.mark.parametrize(("qname", "qtype", "rcode"), COVERED)
def test_absence_is_proven(
    resolver: Unbound, proof: str, qname: str, qtype: str, rcode: str
) -> None:
    """Of names, and of names that a wildcard stands in for."""
    assert (rcode, proof != "opt-out") == resolver.ask(qname, qtype)


def test_another_key_is_not_believed(tmp_path: Path) -> None:
    """The resolver does look: with a key of its own nothing of the zone is taken."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_zones(tmp_path / name, example_com=f"$dnssec: true\n{ZONE}")
    with running(tmp_path / "other", "--state", "state"):
        wrong = _anchor(tmp_path / "other")
    with running(tmp_path / "one", "--state", "state") as server:
        (port,) = server.ports()
        with validating(tmp_path / "unbound", "example.com", wrong, port) as unbound:
            assert ("SERVFAIL", False) == unbound.ask("example.com.", "MX")


def test_delv_validates(tmp_path: Path) -> None:
    """BIND's own validator, straight from the server."""
    if shutil.which("delv") is None:
        pytest.skip("delv is not installed (Debian: bind9-dnsutils)")
    write_zones(tmp_path, example_com=f"$dnssec: true\n{ZONE}")
    with running(tmp_path, "--state", "state") as server:
        assert "; fully validated" in _delve(tmp_path, server, "example.com.", "MX")
        nobody = _delve(tmp_path, server, "nobody.example.com.", "A")

    assert "negative response, fully validated" in nobody


def _delve(folder: Path, server: ServerProcess, qname: str, qtype: str) -> str:
    tag, algorithm, kind, digest = _ds(folder).split(" ")
    anchors = folder / "anchors"
    anchors.write_text(
        f'trust-anchors {{ "example.com." static-ds {tag} {algorithm} {kind} "{digest}"; }};'
    )
    (port,) = server.ports()
    where = ["@127.0.0.1", "-p", str(port), "-a", str(anchors), "+root=example.com."]
    done = subprocess.run(
        ["delv", *where, qname, qtype], capture_output=True, text=True, check=False, timeout=30
    )
    return done.stdout + done.stderr
