"""Zones in YAML with $mail, expanded and judged as the server does it."""

from tests.unit.validator.judging import TODAY
from tests.unit.zonefile.yaml_sources import read
from zoneserver.findings import Finding
from zoneserver.mail.expand import expand
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.source import ZoneSource

# A zone without mail that there is nothing to say about. The text of a test goes first, so
# that its lines count from 1.
REST = """
$soa: {rname: hostmaster@example.net}
'':
  - {type: NS, values: [ns1.example.com., ns2.example.com.]}
  - {type: A, value: 192.0.2.10}
ns1: {type: A, value: 192.0.2.1}
ns2: {type: A, value: 198.51.100.1}
"""
ORIGIN = Name.parse("example.com.")


def expanded(mail: str, rest: str = REST, origin: Name = ORIGIN) -> ZoneSource:
    """The zone of a text about mail and the rest of the file."""
    return expand(read(f"{mail}\n{rest}", origin=origin))


def added(source: ZoneSource) -> list[str]:
    """What $mail added, as `owner TTL type rdata`, owners relative, in the order it came."""
    return [
        f"{record.owner.relative_to(source.origin)} {record.ttl}"
        f" {rtypes.mnemonic(record.rtype)} {record.rdata.text}"
        for record in source.added
        if record.rtype != rtypes.SOA
    ]


def judged(source: ZoneSource) -> tuple[Finding, ...]:
    """All findings about the zone."""
    return judge_all([Candidate(source, build_zone(source))], TODAY)


def described(source: ZoneSource) -> list[str]:
    """Every finding that is more than a hint, as `line:column level code`."""
    return [
        f"{each.mark.line}:{each.mark.column} {each.level} {each.code}"
        for each in judged(source)
        if each.level > 0
    ]
