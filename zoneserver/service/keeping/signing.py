"""Zones that ask to be signed, with the keys of the state directory."""

from dataclasses import replace
from pathlib import Path

from zoneserver.dnssec.sign import Plan, find_period, sign_zone
from zoneserver.errors import SigningKeyError
from zoneserver.findings import make_finding
from zoneserver.names import Name
from zoneserver.service.keeping.zone_keys import find_zone_keys
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.source import Dnssec, ZoneSource


def make_plan(state: Path | None, origin: Name, dnssec: Dnssec, now: float) -> Plan:
    """How a zone is signed at a time, with the keys in `state`. Raises SigningKeyError."""
    if state is None:
        raise SigningKeyError("there is no state folder to keep keys in")
    keys = find_zone_keys(state, origin, dnssec.algorithm)
    return Plan(tuple(keys), find_period(origin, int(now)), dnssec.nsec3, dnssec.opt_out)


def describe_plan(plan: Plan) -> str:
    """What tells two ways of signing the same zone apart, the period first."""
    tags = [str(key.tag) for key in plan.keys]
    return " ".join([str(plan.period), *tags, f"nsec3={plan.nsec3}", f"opt_out={plan.opt_out}"])


def is_outdated(origin: Name, signed: str, now: float) -> bool:
    """Whether a zone that was signed so needs new signatures."""
    period, _ = signed.split(" ", 1)
    return int(period) != find_period(origin, int(now))


def refuse(source: ZoneSource, dnssec: Dnssec, error: SigningKeyError) -> ZoneSource:
    """The source with what keeps it from being signed."""
    finding = make_finding(
        "SY009",
        dnssec.mark,
        f"{source.origin} cannot be signed: {error}",
        "mend that; a lost file of keys is put back from a copy, as the parent zone vouches for"
        " the key in it",
        origin=source.origin,
        owner=source.origin,
    )
    return replace(source, findings=(*source.findings, finding))


def add_signatures(source: ZoneSource, dnssec: Dnssec, plan: Plan) -> ZoneSource:
    """The source, which has its serial, with all that makes it a signed zone."""
    return source.with_records(sign_zone(build_zone(source), plan, dnssec.mark))
