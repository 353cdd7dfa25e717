"""Questions about a set of zones: seeded, so that a failure can be repeated."""

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

import dns.exception
import dns.name
import dns.rdatatype
import dns.zone

from tests.differential.messages import Question

T = TypeVar("T")

COMMON_TYPES = (
    *("A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "DNAME", "SRV", "DS", "PTR"),
    *("ANY", "HTTPS", "SVCB", "CAA", "NAPTR", "TLSA", "TYPE65280"),
)
# TYPE4711 is nobody's. The others cannot be stored, or mean something to DNSSEC only.
ODD_TYPES = (
    *("TYPE4711", "TYPE0", "TYPE65535", "OPT", "TKEY", "TSIG", "AXFR", "IXFR"),
    *("MAILB", "MAILA", "RRSIG", "NSEC", "NSEC3", "DNSKEY", "CDS", "HINFO", "SPF"),
)
ODD_CLASSES = ("HS", "ANY", "NONE", "CLASS0", "CLASS2", "CLASS65535")
LABELS = (b"a", b"www", b"*", b"mx", b"host", b"mail", b"ns", b"_tcp", b"\x00", b"a.b")
OUTSIDE = tuple(
    dns.name.from_text(text)
    for text in (
        *(".", "com.", "example.", "arpa.", "in-addr.arpa.", "example.net.", "test."),
        *("xample.com.", "example.comm.", "a.root-servers.net.", "version.bind."),
    )
)
# None is no EDNS at all; 0 stands for less than the 512 octets of plain DNS.
PAYLOADS = {None: 30, 512: 15, 1232: 30, 4096: 20, 0: 2, 65535: 3}
TRANSPORTS = {"udp": 75, "tcp": 25}


@dataclass(frozen=True)
class Names:
    """The names that questions start from."""

    owners: Sequence[dns.name.Name]
    targets: Sequence[dns.name.Name]


def names_of(zones: Sequence[dns.zone.Zone]) -> Names:
    """Every owner, every empty non-terminal, and every name in rdata of `zones`."""
    owners: set[dns.name.Name] = set()
    targets: set[dns.name.Name] = set()
    for zone in zones:
        assert zone.origin is not None
        for owner, _, rdata in zone.iterate_rdatas():
            name = owner
            while name != zone.origin:
                owners.add(name)
                name = name.parent()
            owners.add(name)
            slots = (getattr(rdata, slot) for slot in type(rdata).__slots__)
            targets.update(slot for slot in slots if isinstance(slot, dns.name.Name))
    return Names(sorted(owners), sorted(targets - owners))


def every_pair(names: Names) -> Iterator[Question]:
    """Every owner with every common type, as a resolver would ask."""
    for owner in names.owners:
        for qtype in COMMON_TYPES:
            yield Question(owner, qtype, payload=1232)


# Where servers are known to differ: asked whatever the seed, so that every row of the
# table of differences has something to explain.
LONG = "x" * 63
LANDMARKS = (
    ("host.old.links.example.", "CNAME"),
    ("host.old.links.example.", "ANY"),
    ("a.b.oldest.links.example.", "CNAME"),
    ("a.b.oldest.links.example.", "ANY"),
    (f"{LONG}.{LONG}.long.links.example.", "A"),
    (f"{LONG}.{LONG}.{LONG}.a.b.c.deep.links.example.", "A"),
    (f"{'seven77.' * 29}oldest.links.example.", "A"),
    ("www.example.com.", "NSEC"),
    ("www.example.com.", "NSEC3"),
    ("www.example.com.", "RRSIG"),
    ("example.com.", "ANY"),
    ("example.com.", "MX"),
    ("example.com.", "HTTPS"),
    ("svc.example.com.", "HTTPS"),
    ("big512.example.com.", "TXT"),
    ("big1232.example.com.", "TXT"),
    ("big4096.example.com.", "TXT"),
    ("x.wide.cuts.example.", "A"),
    ("x.wider.cuts.example.", "A"),
    ("x.broad.cuts.example.", "A"),
    ("child.example.com.", "DS"),
    ("mail.example.com.", "TYPE0"),
    ("mail.example.com.", "TKEY"),
    ("mail.example.com.", "MAILB"),
    ("example.com.", "AXFR"),
    ("www.example.com.", "AXFR"),
    ("example.com.", "IXFR"),
)
LANDMARK_CLASSES = ("ANY", "NONE", "CLASS2", "CLASS65535")


def landmarks() -> Iterator[Question]:
    """The landmarks over both transports, then what the header and class change."""
    for text, qtype in LANDMARKS:
        for transport in TRANSPORTS:
            for payload in (None, 512, 1232):
                qname = dns.name.from_text(text)
                yield Question(qname, qtype, transport=transport, payload=payload)
    mail, missing = (dns.name.from_text(f"{label}.example.com.") for label in ("mail", "x"))
    for qname in (mail, missing):
        for qclass in LANDMARK_CLASSES:
            yield Question(qname, "MX", qclass=qclass, payload=1232)
    yield Question(mail, "MX", payload=1232, do=True, edns_version=1)
    for flag in ("AD", "CD", "RD"):
        yield Question(mail, "MX", payload=1232, flags=frozenset({flag}))


def at_random(names: Names, seed: int, count: int) -> Iterator[Question]:
    """`count` questions of all kinds; the same seed gives the same questions."""
    random = Random(seed)
    for _ in range(count):
        payload = _weighted(random, PAYLOADS)
        question = Question(
            qname=_mixed_case(_qname(names, random), random),
            qtype=random.choice(COMMON_TYPES),
            transport=_weighted(random, TRANSPORTS),
            payload=payload,
            do=payload is not None and random.random() < 1 / 3,
            flags=frozenset({"RD"} if random.random() < 1 / 2 else ()),
        )
        yield _weighted(random, TWISTS)(question, random)


def _weighted(random: Random, weights: Mapping[T, int]) -> T:
    return random.choices(list(weights), list(weights.values()))[0]


# How a question departs from what resolvers ask every day.


def _plain(question: Question, _: Random) -> Question:
    return question


def _odd_type(question: Question, random: Random) -> Question:
    return replace(question, qtype=random.choice(ODD_TYPES))


def _odd_class(question: Question, random: Random) -> Question:
    return replace(question, qclass=random.choice(ODD_CLASSES))


def _odd_flag(question: Question, random: Random) -> Question:
    return replace(question, flags=question.flags | {random.choice(("AD", "CD"))})


def _odd_version(question: Question, _: Random) -> Question:
    return replace(question, payload=1232, edns_version=1)


TWISTS = {_plain: 86, _odd_type: 8, _odd_class: 3, _odd_flag: 2, _odd_version: 1}


# Where a qname stands, seen from the names that exist.


def _qname(names: Names, random: Random) -> dns.name.Name:
    place = _weighted(random, PLACES)
    try:
        return place(names, random)
    except dns.exception.DNSException:
        return random.choice(names.owners)  # no room for one more label


def _existing(names: Names, random: Random) -> dns.name.Name:
    return random.choice(names.owners)


def _target(names: Names, random: Random) -> dns.name.Name:
    return random.choice(names.targets)


def _outside(_: Names, random: Random) -> dns.name.Name:
    return random.choice(OUTSIDE)


def _above(names: Names, random: Random) -> dns.name.Name:
    return random.choice(names.owners).parent()


def _below(names: Names, random: Random) -> dns.name.Name:
    return _prefixed(random.choice(names.owners), [_label(random)])


def _deep(names: Names, random: Random) -> dns.name.Name:
    labels = [_label(random) for _ in range(random.randrange(2, 20))]
    return _prefixed(random.choice(names.owners), labels)


def _longest(names: Names, random: Random) -> dns.name.Name:
    """As many labels of one length as fit into 255 octets."""
    name = random.choice(names.owners)
    label = b"x" * random.choice((1, 7, 31, 63))
    try:
        while True:
            name = _prefixed(name, [label])
    except dns.name.NameTooLong:
        return name


def _beside(names: Names, random: Random) -> dns.name.Name:
    """A name whose first label sorts just before or after that of an existing one."""
    first, *rest = random.choice(names.owners).labels
    changed = random.choice((first + b"0", first[:-1], b"0" + first, first[::-1]))
    return dns.name.Name([changed or b"z", *rest])


def _elsewhere(names: Names, random: Random) -> dns.name.Name:
    """A label of one existing name below the parent of another."""
    first = random.choice(names.owners).labels[0]
    return _prefixed(random.choice(names.owners).parent(), [first])


PLACES: dict[Callable[[Names, Random], dns.name.Name], int] = {
    _existing: 38,
    _target: 5,
    _above: 5,
    _below: 22,
    _beside: 10,
    _elsewhere: 8,
    _deep: 4,
    _longest: 3,
    _outside: 5,
}


def _prefixed(name: dns.name.Name, labels: Sequence[bytes]) -> dns.name.Name:
    return dns.name.Name([*labels, *name.labels])


def _label(random: Random) -> bytes:
    if random.random() < 1 / 2:
        return random.choice(LABELS)
    letters = random.choices(string.ascii_lowercase, k=random.randrange(1, 12))
    return "".join(letters).encode()


def _mixed_case(name: dns.name.Name, random: Random) -> dns.name.Name:
    """`name` as it is, or with the case of every letter chosen anew."""
    if random.random() < 1 / 2:
        return name
    case = (bytes.lower, bytes.upper)
    return dns.name.Name(
        b"".join(random.choice(case)(octet.to_bytes(1, "big")) for octet in label)
        for label in name.labels
    )
