"""What our processes tell each other of zones: values to plain documents, and back.

Names go as the octets that they have, each as one character: with 100,000 zones, text in
presentation format took as long to write and read as the zones take to be judged.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from zoneserver.findings import Finding, Level, Mark
from zoneserver.names import Name
from zoneserver.validator.judge import Judgement
from zoneserver.validator.references import References

Document = dict[str, Any]

_NO_NAMES: frozenset[Name] = frozenset()


def write_name(name: Name) -> str:
    """The octets of a name."""
    return name.wire.decode("latin-1")


def read_name(text: str) -> Name:
    """The name again."""
    return Name(text.encode("latin-1"))


def write_names(names: Iterable[Name]) -> list[str]:
    """Several of them."""
    return [write_name(name) for name in names]


def read_names(texts: Iterable[str]) -> frozenset[Name]:
    """The names again."""
    return frozenset(map(read_name, texts)) or _NO_NAMES  # which most zones have, all the same


def write_references(references: References) -> Document:
    """What a zone says of names outside itself."""
    return {
        "exchanges": write_names(references.exchanges),
        "aliases": write_names(references.aliases),
        "unreadable": write_names(references.unreadable),
    }


def read_references(document: Document) -> References:
    """The value again."""
    return References(
        read_names(document["exchanges"]),
        read_names(document["aliases"]),
        read_names(document["unreadable"]),
    )


def write_judgement(judgement: Judgement) -> Document:
    """A judgement with its findings."""
    return {
        "origin": write_name(judgement.origin),
        "findings": [write_finding(finding) for finding in judgement.findings],
        "consulted": write_names(judgement.consulted),
        "until": judgement.until.isoformat() if judgement.until else None,
    }


def read_judgement(document: Document) -> Judgement:
    """The judgement again."""
    until = document["until"]
    return Judgement(
        read_name(document["origin"]),
        tuple(map(read_finding, document["findings"])),
        read_names(document["consulted"]),
        date.fromisoformat(until) if until else None,
    )


def write_finding(finding: Finding) -> Document:
    """A finding, whole; what is for people to read is `Finding.document`."""
    return {
        "code": finding.code,
        "level": int(finding.level),
        "mark": finding.mark,
        "reason": finding.reason,
        "fix": finding.fix,
        "origin": write_name(finding.origin) if finding.origin else None,
        "owner": write_name(finding.owner) if finding.owner else None,
        "related": finding.related,
        "also": write_names(finding.also),
        "waived": finding.waived,
    }


def read_finding(document: Document) -> Finding:
    """The finding again."""
    origin, owner = document["origin"], document["owner"]
    return Finding(
        document["code"],
        Level(document["level"]),
        Mark(*document["mark"]),
        document["reason"],
        document["fix"],
        read_name(origin) if origin else None,
        read_name(owner) if owner else None,
        tuple((Mark(*mark), text) for mark, text in document["related"]),
        read_names(document["also"]),
        document["waived"],
    )
