"""TTLs as master files write them: in seconds or units, or left to a default."""

import re
from collections.abc import Sequence

from zoneserver.findings import Finding, make_finding
from zoneserver.names import Name
from zoneserver.records.fields import Token
from zoneserver.records.rdata import SOA
from zoneserver.records.rrset import Record
from zoneserver.zonefile.lexer import EntryError

MAX_TTL = 2147483647  # RFC 2181 8

_DURATION = re.compile(r"([0-9]{1,10})|(?:[0-9]{1,10}[smhdw])+", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"([0-9]+)([smhdw])", re.IGNORECASE | re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

NO_TTL = -1  # of a record whose TTL only the whole file can tell
FALLBACK_TTL = 3600  # where there is no SOA to take one from


def parse_duration(text: str) -> int | None:
    """Seconds, from a number or unit forms such as 1h30m; None for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    if match[1]:
        return int(text)
    return sum(int(count) * _SECONDS[unit.lower()] for count, unit in _PART.findall(text))


def read_ttl(token: Token, at: int) -> int:
    """The TTL that a token holds. Raises EntryError."""
    ttl = None if token.quoted else parse_duration(token.text)
    if ttl is None or ttl > MAX_TTL:  # RFC 2181 8
        fault = "is no TTL" if ttl is None else f"is outside 0..{MAX_TTL}"
        raise EntryError(
            "SY004",
            at,
            f"TTL {token.text[:40]} {fault}; caches would not know how long to keep the record",
            f"write seconds, 0 to {MAX_TTL}, or units: 3600 or 1h",
        )
    return ttl


def fill_in(records: Sequence[Record], zone: Name) -> tuple[tuple[Record, ...], list[Finding]]:
    """The records, those without a TTL with the SOA's minimum, and what to say about that.

    The minimum was the default TTL before RFC 2308 4 gave it another meaning.
    """
    first = next((record for record in records if record.ttl == NO_TTL), None)
    if first is None:
        return tuple(records), []
    soa = next((record.rdata for record in records if isinstance(record.rdata, SOA)), None)
    ttl = min(soa.minimum, MAX_TTL) if soa else FALLBACK_TTL
    finding = make_finding(
        "SY016",
        first.mark,
        "no TTL is stated up to here; "
        + (f"the SOA's minimum, {ttl} s, stands in" if soa else f"{ttl} s are assumed")
        + ", and may keep senders on an old address for longer than you meant",
        "write $TTL 3600 as the first line",
        origin=zone,
        owner=first.owner,
    )
    filled = (
        record._replace(ttl=ttl) if record.ttl == NO_TTL else record for record in records
    )
    return tuple(filled), [finding]
