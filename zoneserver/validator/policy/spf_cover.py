"""Whether an SPF record authorises an address, as far as our zones can tell."""

import ipaddress

from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.validator.policy.spf import Mechanism, parse_spf
from zoneserver.validator.policy.spf_walk import MAX_LOOKUPS, find_spf, find_target
from zoneserver.validator.policy.survey import ask
from zoneserver.validator.policy.texts import PolicyText
from zoneserver.validator.ranges import IPAddress
from zoneserver.validator.world import World


def covers(
    world: World, text: PolicyText, domain: Name, address: IPAddress, depth: int = 0
) -> bool | None:
    """Whether mail from an address passes (RFC 7208 4.6); None where that is not known here."""
    unknown = depth > MAX_LOOKUPS
    for term in () if unknown else parse_spf(text.text).evaluated:
        matches: bool | None
        if isinstance(term, Mechanism) and term.name not in ("include", "redirect"):
            matches = _matches(world, term, domain, address)
        else:
            matches = _included(world, find_target(term, domain), address, depth)
        if matches:
            # Behind a term that might have matched already, nothing is certain but a pass.
            passes = not isinstance(term, Mechanism) or term.qualifier == "+"
            return passes if passes or not unknown else None
        unknown = unknown or matches is None
    return None if unknown else False


def _included(world: World, target: Name | None, address: IPAddress, depth: int) -> bool | None:
    texts = find_spf(world, target) if target is not None else None
    if target is None or texts is None:
        return None
    return covers(world, texts[0], target, address, depth + 1) if texts else False


def _matches(world: World, term: Mechanism, domain: Name, address: IPAddress) -> bool | None:
    if term.name == "all":
        return True
    if term.network is not None:
        return address in term.network
    target = find_target(term, domain)
    if target is None or term.name not in ("a", "mx"):
        return None
    hosts: tuple[Name, ...] = (target,)
    if term.name == "mx":
        reply = ask(world, target, rtypes.MX)
        if not reply.known:
            return None
        exchanges = (rdata.points_to for rdata in (reply.rrset.rdatas if reply.rrset else ()))
        hosts = tuple(host for host in exchanges if host and host != ROOT)
    found = [_is_at(world, host, term, address) for host in hosts]
    return True if any(found) else (None if None in found else False)


def _is_at(world: World, host: Name, term: Mechanism, address: IPAddress) -> bool | None:
    """Whether an address is one of a host's, or in its network (RFC 7208 5.3)."""
    four = address.version == 4
    reply = ask(world, host, rtypes.A if four else rtypes.AAAA)
    if not reply.known:
        return None
    length = term.prefixes[0 if four else 1]
    return any(
        address in ipaddress.ip_network((rdata.wire, length), strict=False)
        for rdata in (reply.rrset.rdatas if reply.rrset else ())
    )
