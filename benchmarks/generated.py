"""A zone of any size, in YAML and as a master file, and queries for it.

Every name has an address and two MX, one of them to itself: a mail domain per name, as
a hosting provider has them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

ORIGIN = "bench.example.com."
RECORDS_PER_NAME = 3
BACKUPS = 100
TTL = 3600

YAML_HEAD = """\
---
$ttl: {ttl}
$soa: {{mname: ns1.{origin}, rname: hostmaster.{origin}, serial: 1}}
'':
  - type: NS
    values: [ns1.{origin}, ns2.{origin}]
  - type: MX
    value: {{preference: 10, exchange: mx0.{origin}}}
ns1: {{type: A, value: 198.19.2.1}}
ns2: {{type: A, value: 198.19.1.2}}
'*.wild':
  type: MX
  value: {{preference: 10, exchange: mx0.{origin}}}
"""
YAML_BACKUP = """\
mx{number}: {{type: A, value: 198.19.0.{number}}}
"""
YAML_NAME = """\
{name}:
  - type: A
    value: {address}
  - type: MX
    values:
      - preference: 10
        exchange: {name}.{origin}
      - preference: 20
        exchange: mx{backup}.{origin}
"""
MASTER_HEAD = """\
$ORIGIN {origin}
$TTL {ttl}
@ IN SOA ns1 hostmaster 1 7200 3600 1209600 3600
@ NS ns1
@ NS ns2
@ MX 10 mx0
ns1 A 198.19.2.1
ns2 A 198.19.1.2
*.wild MX 10 mx0
"""
MASTER_BACKUP = """\
mx{number} A 198.19.0.{number}
"""
MASTER_NAME = """\
{name} A {address}
{name} MX 10 {name}
{name} MX 20 mx{backup}
"""


@dataclass(frozen=True)
class GeneratedZone:
    """One zone in both forms."""

    names: int
    yaml: Path
    master: Path

    @property
    def last_owner(self) -> str:
        """The owner that is written last: answered when all is loaded."""
        return f"{owner(self.names - 1)}.{ORIGIN}"


def owner(number: int) -> str:
    """The label of a name."""
    return f"d{number:07}"


def write(folder: Path, records: int) -> GeneratedZone:
    """Write a zone of about `records` records into `folder`, in both forms."""
    names = max(1, records // RECORDS_PER_NAME)
    yaml = folder / "yaml" / f"{ORIGIN}yaml"
    master = folder / "master" / f"{ORIGIN}zone"
    for path, texts in (
        (yaml, (YAML_HEAD, YAML_BACKUP, YAML_NAME)),
        (master, (MASTER_HEAD, MASTER_BACKUP, MASTER_NAME)),
    ):
        path.parent.mkdir(parents=True)
        with path.open("w") as file:
            file.writelines(_texts(names, *texts))
    return GeneratedZone(names, yaml, master)


def _texts(names: int, head: str, backup: str, name: str) -> Iterator[str]:
    yield head.format(origin=ORIGIN, ttl=TTL)
    for number in range(BACKUPS):
        yield backup.format(number=number)
    for number in range(names):
        yield name.format(
            name=owner(number),
            address=f"198.18.{number // 256 % 256}.{number % 256}",
            backup=number % BACKUPS,
            origin=ORIGIN,
        )


# What a hosting provider is asked: the share of each kind of question, in percent.
MIX = {
    "{existing} MX": 50,
    "{existing} A": 20,
    "{existing} TXT": 10,  # NODATA
    "{missing} MX": 10,  # NXDOMAIN
    "{missing}.wild MX": 10,  # the wildcard
}


def write_queries(path: Path, names: int, count: int, seed: int = 1) -> None:
    """Write `count` queries in the form that dnsperf reads, in random order."""
    random = Random(seed)
    patterns = random.choices(list(MIX), list(MIX.values()), k=count)
    with path.open("w") as file:
        for pattern in patterns:
            label, rtype = pattern.format(
                existing=owner(random.randrange(names)),
                missing=f"x{random.randrange(10**6)}",
            ).split()
            file.write(f"{label}.{ORIGIN} {rtype}\n")
