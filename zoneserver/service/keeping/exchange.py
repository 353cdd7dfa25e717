"""What our processes tell each other of zones: values to plain documents, and back."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from zoneserver.findings import Finding, Level, Mark
from zoneserver.names import Name
from zoneserver.validator.judge import Judgement
from zoneserver.validator.references import References

Document = dict[str, Any]


def write_names(names: Iterable[Name]) -> list[str]:
    """Names in presentation format."""
    return [str(name) for name in names]


def read_names(texts: Iterable[str]) -> frozenset[Name]:
    """The names again."""
    return frozenset(map(Name.parse, texts))


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
        "origin": str(judgement.origin),
        "findings": [write_finding(finding) for finding in judgement.findings],
        "consulted": write_names(judgement.consulted),
        "until": judgement.until.isoformat() if judgement.until else None,
    }


def read_judgement(document: Document) -> Judgement:
    """The judgement again."""
    until = document["until"]
    return Judgement(
        Name.parse(document["origin"]),
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
        "origin": str(finding.origin) if finding.origin else None,
        "owner": str(finding.owner) if finding.owner else None,
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
        Name.parse(origin) if origin else None,
        Name.parse(owner) if owner else None,
        tuple((Mark(*mark), text) for mark, text in document["related"]),
        read_names(document["also"]),
        document["waived"],
    )
