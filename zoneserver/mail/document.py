"""Paths and differences as JSON documents; docs/explain.md and docs/diff.md list the keys.

Keys are added, never renamed or removed; a change of meaning raises `version`.
"""

from typing import Any

from zoneserver.mail.diff import Difference, MailChange, Move
from zoneserver.mail.hosts import HostAddress
from zoneserver.mail.path import DeliveryPath, Stop
from zoneserver.mail.reminders import remind
from zoneserver.mail.route import Route
from zoneserver.mail.rrsets import RecordChange, Seen
from zoneserver.mail.words import describe_trouble
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset

Document = dict[str, Any]

VERSION = 1


def path_document(path: DeliveryPath) -> Document:
    """The path as plain dicts, lists, texts and numbers, in a fixed order."""
    route = path.route
    stops = iter(path.stops)
    return {
        "version": VERSION,
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
            {"kind": each.kind.value, "owner": str(each.owner), "text": each.text}
            for each in path.policies
        ],
        "findings": [each.document() for each in path.findings],
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
        "findings": [each.document() for each in stop.findings],
    }


def _address(address: HostAddress) -> Document:
    return {
        "address": str(address.address),
        "ttl": address.ttl,
        "remark": address.remark,
        "ptr": address.pointer.value,
        "ptr_names": [str(each) for each in address.named],
    }


def difference_document(difference: Difference) -> Document:
    """The difference as plain dicts, lists, texts and numbers, in a fixed order."""
    return {
        "version": VERSION,
        "loses_mail": difference.loses_mail,
        "mail": [_mail_change(each) for each in difference.mail],
        "moves": [_move(each) for each in difference.moves],
        "zones_added": [str(zone.origin) for zone in difference.added],
        "zones_removed": [str(zone.origin) for zone in difference.removed],
        "serials": [
            {"zone": str(each.zone), "old": each.old, "new": each.new}
            for each in difference.serials
        ],
        "records": [_record_change(each) for each in difference.records],
    }


def _mail_change(change: MailChange) -> Document:
    return {
        "name": str(change.name),
        "loses_mail": change.loses_mail,
        "old": _route(change.old),
        "new": _route(change.new),
        "ttl": change.ttl,
    }


def _route(route: Route) -> Document:
    return {
        "outcome": route.fate.value,
        "handling": route.manner.value,
        "mail_name": str(route.reply.name),
        "rounds": [
            {
                "preference": preference,
                "hosts": [
                    {"name": str(each.target.name), "outcome": each.fate.value}
                    for each in members
                ],
            }
            for preference, members in route.rounds
        ],
    }


def _move(move: Move) -> Document:
    return {
        "host": str(move.host),
        "old": [str(address) for address in move.old],
        "new": [str(address) for address in move.new],
        "names": [str(name) for name in move.names],
        "ttl": move.ttl,
    }


def _record_change(change: RecordChange) -> Document:
    return {
        "zone": str(change.zone),
        "owner": str(change.owner),
        "type": rtypes.mnemonic(change.rtype),
        "old": _seen(change.old),
        "new": _seen(change.new),
    }


def _seen(seen: Seen | None) -> Document | None:
    if seen is None:
        return None
    return {
        "ttl": seen.rrset.ttl,
        "glue": seen.is_glue,
        "rdatas": [rdata.text for rdata in seen.rdatas],
    }
