"""A zone that comes signed: our answers with DO are those of NSD, Knot and BIND, and proven.

Both engines answer, and Unbound and delv validate what they say.
"""

import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.zone
import pytest

from tests.differential import zones
from tests.peers import PEERS, Nsd, Zoneserver
from tests.peers.server import LOOPBACK, Server
from tests.peers.signer import PROOFS, Signed, anchor_of, read, sign_zone
from tests.peers.unbound import validating

ORIGIN = "example."
TEXT = """\
$ORIGIN example.
$TTL 3600
@ SOA ns1 hostmaster 1 7200 1800 1209600 300
@ NS ns1
@ NS ns2
@ MX 10 mail
@ TXT "v=spf1 mx -all"
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
ns2 600 A 192.0.2.2
mail A 192.0.2.25
www CNAME mail
nx CNAME nothing
wild CNAME foo.w
a.b.c.ent TXT deep
*.w MX 10 mail
*.w TXT wild
*.alias CNAME mail
*.anx CNAME gone
x.w A 192.0.2.7
y.x.w A 192.0.2.8
old DNAME new
a.new A 192.0.2.9
*.new TXT new
safe NS ns.safe
safe NS ns1
safe DS 12345 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF
ns.safe A 192.0.2.53
bare NS ns.bare
ns.bare A 192.0.2.54
far NS ns.example.net.
only.below.far2 NS ns.example.net.
u.i.ent2 NS ns.example.net.
srv SRV 0 0 5 ns1
"""
NAMES = [
    "@", "ns1", "ns2", "mail", "www", "nx", "wild", "ent", "c.ent", "b.c.ent", "a.b.c.ent", "w",
    "*.w", "x.w", "y.x.w", "alias", "*.alias", "*.anx", "old", "new", "a.new", "safe",
    "ns.safe", "bare", "ns.bare", "far", "below.far2", "only.below.far2", "far2", "ent2",
    "i.ent2", "u.i.ent2", "srv",
]  # fmt: skip
DELEGATED = ("safe", "bare", "far", "only.below.far2", "u.i.ent2")
LABELS = ["0", "a", "m", "zz", r"\000", "*", "x.y", "www", "_", "a.b.c"]
# Not RRSIG, NSEC and NSEC3: the peers differ among themselves about whoever asks for these.
TYPES = ["A", "AAAA", "MX", "TXT", "NS", "DS", "SOA", "CNAME", "DNSKEY", "SRV", "TYPE65280"]
QUESTIONS, SEED = 150, 4035

Sections = tuple[int, str, list[str], list[str], list[str]]


@pytest.fixture(scope="module", params=PROOFS)
def signed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Signed:
    """The zone, signed."""
    return sign_zone(ORIGIN, TEXT, tmp_path_factory.mktemp("signed"), request.param)


@pytest.fixture(scope="module")
def ours(
    signed: Signed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Server]]:
    """Our server with the zone as YAML, by engine."""
    path = zones.write_yaml(read(ORIGIN, signed), tmp_path_factory.mktemp("zones"))
    with ExitStack() as stack:
        yield {
            engine: stack.enter_context(
                Zoneserver(
                    tmp_path_factory.mktemp(engine), {ORIGIN: path}, engine=engine, sends=True
                )
            )
            for engine in ("native", "portable")
        }


def _questions() -> list[tuple[dns.name.Name, str, int]]:
    """Names that exist and names around them, each with a type and a payload."""
    rng = random.Random(SEED)
    root = dns.name.from_text(ORIGIN)
    asked = []
    for _ in range(QUESTIONS):
        owner = dns.name.from_text(rng.choice(NAMES), root)
        if rng.random() < 0.5:
            owner = dns.name.from_text(rng.choice(LABELS), owner)
        asked.append((owner, rng.choice(TYPES), rng.choice([512, 1232, 1232])))
    return asked


def _ask(server: Server, question: tuple[dns.name.Name, str, int], *, do: bool) -> Sections:
    """What a server says over UDP, then over TCP where that is cut."""
    qname, qtype, payload = question
    query = dns.message.make_query(qname, qtype, flags=0, want_dnssec=do, payload=payload)
    answer, was_cut = dns.query.udp_with_fallback(query, LOOPBACK, 5.0, server.port)
    flags = dns.flags.to_text(answer.flags) + " TC" * was_cut
    assert answer.ednsflags == (dns.flags.DO if do else 0)
    proven = [_lines(section) for section in (answer.answer, answer.authority)]
    if answer.answer and answer.flags & dns.flags.AA:
        proven[1] = [line for line in proven[1] if not _is_apex_ns(line)]  # NSD adds it
    return answer.rcode(), flags, proven[0], proven[1], _lines(answer.additional)


def _is_apex_ns(line: str) -> bool:
    owner, _, rtype, *rdata = line.split()
    return owner == ORIGIN and (rtype == "ns" or (rtype == "rrsig" and rdata[0] == "ns"))


def _lines(section: list[dns.rrset.RRset]) -> list[str]:
    return sorted(
        f"{rrset.name} {rrset.ttl} {rrset.rdtype.name} {rdata.to_text()}".lower()
        for rrset in section
        for rdata in rrset
    )


@pytest.mark.parametrize("kind", PEERS, ids=lambda kind: kind.name)
def test_answers_are_those_of_peers(
    signed: Signed, ours: dict[str, Server], kind: type[Server], tmp_path: Path
) -> None:
    """Acceptance 112: RCODE, AA, answer and authority are equal, with DO and without."""
    if not kind.found():
        pytest.skip(f"{kind.binary} not found: install Debian package {kind.package}")
    with kind(tmp_path, {ORIGIN: signed.path}) as peer:
        for question in _questions():
            for do in (True, False):
                native, portable = (_ask(server, question, do=do) for server in ours.values())
                assert native == portable, question
                theirs = _ask(peer, question, do=do)
                flags = native[1].removesuffix(" TC"), theirs[1].removesuffix(" TC")
                assert flags[0] == flags[1], question
                assert native[0] == theirs[0], (question, do)
                assert native[2] == theirs[2], (question, do)
                if kind is Nsd and _is_proven_otherwise(question[0], native):
                    continue
                assert native[3] == theirs[3], (question, do)


def _is_proven_otherwise(qname: dns.name.Name, ours: Sections) -> bool:
    """Where NSD has other proofs than Knot, BIND and we.

    To who asks for a wildcard by its name it denies that there is a closer one. Behind a DNAME
    it leaves out that there is none, which RFC 4035 3.1.3.4 asks for, and near empty
    non-terminals that opt-out leaves out the closest provable encloser (RFC 5155 7.2.1).
    """
    is_left_out = any(label in (b"ent2", b"far2") for label in qname.labels)
    return qname.is_wild() or is_left_out or any(" dname " in line for line in ours[2])


def test_transfers_carry_it_all(signed: Signed, ours: dict[str, Server]) -> None:
    """Every record of the signed zone with its own TTL, that of each RRSIG, too."""
    expected = read(ORIGIN, signed)
    for server in ours.values():
        taken = dns.zone.Zone(ORIGIN, relativize=False)
        query = dns.message.make_query(ORIGIN, "AXFR")
        dns.query.inbound_xfr(LOOPBACK, taken, query, port=server.port, lifetime=10.0)
        assert _records(expected) == _records(taken)


def _records(zone: dns.zone.Zone) -> list[tuple[str, int, str, str]]:
    return sorted(
        (str(owner), ttl, rdata.rdtype.name, rdata.to_text().lower())
        for owner, ttl, rdata in zone.iterate_rdatas()
    )


def test_answers_are_valid(signed: Signed, ours: dict[str, Server], tmp_path: Path) -> None:
    """Unbound, which trusts the key, finds nothing bogus, and proof wherever it is due."""
    is_opt_out = signed.proof == "opt-out"
    root = dns.name.from_text(ORIGIN)
    cuts = [dns.name.from_text(text, root) for text in DELEGATED]
    port = ours["native"].port
    with validating(tmp_path / "unbound", ORIGIN, anchor_of(signed), port) as resolver:
        for qname, qtype, _ in _questions():
            if any(qname.is_subdomain(cut) for cut in cuts) and qtype != "DS":
                continue  # their servers are not there
            if any(qname.is_subdomain(cut) and qname != cut for cut in cuts):
                continue
            if qname == root and qtype == "DS":
                continue  # its parent is not there
            rcode, is_proven = resolver.ask(str(qname), qtype)
            assert rcode in {"NOERROR", "NXDOMAIN"}, (qname, qtype)
            # RFC 5155 9.2: what is only covered with opt-out is not called proven.
            assert is_proven or is_opt_out, (qname, qtype)


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("mail A", "fully validated"),
        ("www A", "fully validated"),
        ("q.w MX", "fully validated"),
        ("b.old TXT", "fully validated"),
        ("mail MX", "negative response, fully validated"),
        ("c.ent A", "negative response, fully validated"),
        ("q.w A", "negative response, fully validated"),
        ("nobody A", "negative response, fully validated"),
        ("safe DS", "fully validated"),
    ],
)
def test_delv(
    signed: Signed, ours: dict[str, Server], tmp_path: Path, question: str, verdict: str
) -> None:
    """BIND's validator thinks so, too."""
    if shutil.which("delv") is None:
        pytest.skip("delv is not installed (Debian: bind9-dnsutils)")
    owner, _, _, flags, protocol, algorithm, *key = signed.key.split()
    anchors = tmp_path / "anchors"
    entry = f'{owner} static-key {flags} {protocol} {algorithm} "{"".join(key)}";'
    anchors.write_text(f"trust-anchors {{ {entry} }};\n")
    name, qtype = question.split()
    command = ["delv", f"@{LOOPBACK}", "-p", str(ours["portable"].port), "-a", str(anchors)]
    command += [f"+root={ORIGIN}", f"{name}.{ORIGIN}", qtype]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    # RFC 5155 9.2: what is only covered with opt-out is not called proven.
    is_open = signed.proof == "opt-out" and "; unsigned answer" in done.stdout
    assert is_open or f"; {verdict}" in done.stdout, done.stdout + done.stderr
