"""TLSA records for mail between servers (RFC 6698, RFC 7672)."""

from collections.abc import Iterator, Mapping

from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import TLSA
from zoneserver.records.rrset import RRset
from zoneserver.validator.policy.survey import (
    Survey,
    ask,
    exchange_targets,
    find_below,
    is_for_smtp,
)
from zoneserver.validator.world import Verdict, World

_PRIVATE = 255  # RFC 6698 7.2-7.4: the last value of each field is for private use
_DIGEST_OCTETS = {1: 32, 2: 64}  # SHA-256 and SHA-512, RFC 6698 2.1.3
_DER_SEQUENCE = b"\x30"


def check_fields(survey: Survey) -> Iterator[Finding]:
    """TL003, TL004: every TLSA record by itself."""
    for rrset in survey.rrsets[rtypes.TLSA]:
        for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
            assert isinstance(rdata, TLSA)
            what = f"{rrset.owner} TLSA {_start(rdata)}"
            yield from _check_data(rrset.owner, rdata, mark, what)
            if is_for_smtp(rrset.owner) and rdata.certificate_usage in (0, 1):
                yield make_finding(
                    "TL004",
                    mark,
                    f"{what}: usage {rdata.certificate_usage} asks for a public certification"
                    " authority, and senders of mail have no list of those; they ignore the"
                    " record.",
                    "use 3 1 1 with the digest of the server's public key",
                    owner=rrset.owner,
                )


def check_hosts(survey: Survey) -> Iterator[Finding]:
    """TL001, TL002, TL006: TLSA for SMTP that no sender uses."""
    for rrset in survey.rrsets[rtypes.TLSA]:
        if not is_for_smtp(rrset.owner):
            continue
        host = rrset.owner.parent.parent
        if not survey.is_signed:
            yield make_finding(
                "TL001",
                rrset.mark,
                f"{rrset.owner} has TLSA, but {survey.zone.origin} is not signed with DNSSEC:"
                " senders ignore it.",
                f"sign {survey.zone.origin}, or delete the record",
                owner=rrset.owner,
            )
        if not _is_exchanger(survey, host):
            yield _unused(survey, rrset, host)


def check_domains(survey: Survey) -> Iterator[Finding]:
    """TL001, TL005: domains whose exchangers have TLSA, but not for every sender or host."""
    keys = survey.keys
    for rrset in survey.rrsets[rtypes.MX] if keys else ():
        hosts = [rdata.points_to for rdata in rrset.rdatas]
        with_keys = [keys[host] for host in hosts if host and host in keys]
        # In the host's own zone, that it is unsigned is said at the TLSA itself.
        foreign = [each for each in with_keys if not each.owner.is_below(survey.zone.origin)]
        if foreign and not survey.is_signed:
            yield make_finding(
                "TL001",
                rrset.mark,
                f"{rrset.owner} MX: {foreign[0].owner} has TLSA, but {survey.zone.origin} is"
                " not signed with DNSSEC, so senders cannot trust the MX and ignore it.",
                f"sign {survey.zone.origin}",
                owner=rrset.owner,
                related=((foreign[0].mark, "TLSA"),),
            )
        yield from _check_bare_hosts(survey, rrset, with_keys, keys)


def _check_bare_hosts(
    survey: Survey, rrset: RRset, with_keys: list[RRset], keys: Mapping[Name, RRset]
) -> Iterator[Finding]:
    """TL005: an attacker picks the exchanger that proves nothing (RFC 7672 2.2.1)."""
    for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
        host = rdata.points_to
        if host is None or not with_keys or host in keys:
            continue
        is_ours = survey.world.look_up(host).verdict is Verdict.HOST
        if is_ours and _lacks_keys(survey.world, host):
            yield make_finding(
                "TL005",
                mark,
                f"{rrset.owner} MX {rdata.text}: {host} has no TLSA, and another exchanger has;"
                " whoever wants to read the mail diverts it there.",
                f"add TLSA at _25._tcp.{host}; $tlsa makes it from the certificate",
                owner=rrset.owner,
                related=((with_keys[0].mark, "TLSA of the other"),),
            )


def _is_exchanger(survey: Survey, host: Name) -> bool:
    """Whether an MX of any of our zones names a host, as far as is known.

    It is not where another zone of ours has the host, and may name it itself.
    """
    world = survey.world
    return (
        world.zone_of(host) is not survey.zone
        or host in world.index(exchange_targets)
        or host in world.pointers.exchanges
    )


def _lacks_keys(world: World, host: Name) -> bool:
    """Whether not even an alias or a wildcard answers for a host's TLSA."""
    owner = find_below(host, b"_25", b"_tcp")
    return owner is not None and ask(world, owner, rtypes.TLSA).is_void


def _unused(survey: Survey, rrset: RRset, host: Name) -> Finding:
    """TL002, TL006: senders look at _25._tcp of each MX host only (RFC 7672 2.2.3)."""
    zone = survey.world.zone_of(host)
    node = zone.find(host) if zone else None
    mx = node.find(rtypes.MX) if node else None
    if mx is not None:
        target = mx.rdatas[0].points_to
        return make_finding(
            "TL006",
            rrset.mark,
            f"{rrset.owner} is the domain, but senders look for TLSA at its MX host {target};"
            " nobody uses this record.",
            f"move it to _25._tcp.{target}",
            owner=rrset.owner,
            related=((mx.mark, f"MX {mx.rdatas[0].text}"),),
        )
    return make_finding(
        "TL002",
        rrset.mark,
        f"{rrset.owner} has TLSA, but no MX of any zone here names {host}; nobody uses this"
        " record.",
        "delete it, or correct the name",
        owner=rrset.owner,
    )


def _check_data(owner: Name, tlsa: TLSA, mark: Mark, what: str) -> Iterator[Finding]:
    """TL003: the fields of RFC 6698 2.1.1-2.1.4."""
    data = tlsa.certificate_association_data
    wanted = _DIGEST_OCTETS.get(tlsa.matching_type)
    fault, level = "", None
    if wanted is not None and len(data) != wanted:
        name = f"SHA-{wanted * 8}"
        fault = f"a {name} digest has {wanted} octets, and this one has {len(data)}"
    elif tlsa.matching_type == 0 and not data.startswith(_DER_SEQUENCE):
        fault = "matching type 0 holds a whole certificate or key, and this is none"
    elif unassigned := _unassigned(tlsa):
        fault, level = unassigned, Level.WARNING
    if fault:
        effect = (
            "senders ignore the record" if level else "senders that heed it refuse to deliver"
        )
        yield make_finding(
            "TL003",
            mark,
            f"{what}: {fault}; {effect}.",
            "make the record anew from the certificate, as 3 1 1",
            level=level,
            owner=owner,
        )


def _unassigned(tlsa: TLSA) -> str:
    """Which field has a value that means nothing (RFC 7218 2)."""
    for name, value, most in (
        ("usage", tlsa.certificate_usage, 3),
        ("selector", tlsa.selector, 1),
        ("matching type", tlsa.matching_type, 2),
    ):
        if most < value < _PRIVATE:
            return f"there is no {name} {value}"
    return ""


def _start(tlsa: TLSA) -> str:
    return f"{tlsa.certificate_usage} {tlsa.selector} {tlsa.matching_type}"
