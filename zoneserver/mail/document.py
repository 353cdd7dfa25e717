"""The path of mail as a JSON document. Keys are stable; docs/explain.md lists them."""

from typing import Any

from zoneserver.findings import Finding
from zoneserver.mail.hosts import HostAddress
from zoneserver.mail.path import DeliveryPath, Stop
from zoneserver.mail.reminders import remind
from zoneserver.mail.words import describe_trouble
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset

Document = dict[str, Any]


def path_document(path: DeliveryPath) -> Document:
    """The path as plain dicts, lists, texts and numbers, in a fixed order."""
    route = path.route
    stops = iter(path.stops)
    return {
        "address": path.address.text,
        "domain": str(path.address.domain) if path.address.domain else None,
        "literal": str(path.address.literal) if path.address.literal else None,
        "outcome": path.fate.value,
        "handling": route.manner.value if route else "address-literal",
        "aliases": [_alias(each) for each in route.reply.aliases] if route else [],
        "mail_name": str(route.reply.name) if route else None,
        "wildcard": str(route.reply.wildcard) if route and route.reply.wildcard else None,
        "ttl": route.reply.ttl if route and route.reply.zone else None,
        "rounds": [
            {"preference": preference, "hosts": [_stop(next(stops)) for _ in members]}
            for preference, members in (route.rounds if route else ())
        ],
        "policies": [
            {"kind": each.kind, "owner": str(each.owner), "text": each.text}
            for each in path.policies
        ],
        "findings": [finding_document(each) for each in path.findings],
        "reminders": list(remind(path)),
        "zones_with_errors": [str(origin) for origin in path.unfit],
    }


def _alias(rrset: RRset) -> Document:
    return {
        "owner": str(rrset.owner),
        "type": rtypes.mnemonic(rrset.rtype),
        "target": str(rrset.rdatas[0].points_to),
    }


def _stop(stop: Stop) -> Document:
    certificate = stop.certificate
    return {
        "name": str(stop.exchanger.target.name),
        "outcome": stop.exchanger.fate.value,
        "trouble": describe_trouble(stop.exchanger),
        "addresses": [_address(each) for each in stop.addresses],
        "tlsa": list(certificate.texts) if certificate else [],
        "signed": certificate.signed if certificate else None,
        "findings": [finding_document(each) for each in stop.findings],
    }


def _address(address: HostAddress) -> Document:
    return {
        "address": str(address.address),
        "ttl": address.ttl,
        "remark": address.remark,
        "ptr": address.pointer.value,
        "ptr_names": [str(each) for each in address.named],
    }


def finding_document(finding: Finding) -> Document:
    """A finding, cut down to what the path needs."""
    return {
        "code": finding.code,
        "level": str(finding.level),
        "zone": str(finding.origin) if finding.origin else None,
        "owner": str(finding.owner) if finding.owner else None,
        "file": finding.mark.file,
        "line": finding.mark.line,
        "column": finding.mark.column,
        "reason": finding.reason,
        "fix": finding.fix,
        "rfc": finding.rfc,
        "waived": finding.waived,
    }
