"""A zone of any size, in YAML and as a master file.

Every name has an address and two MX, one of them to itself: a mail domain per name, as
a hosting provider has them. Beside them stand a wildcard and some delegations with glue.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ORIGIN = "bench.example.com."
RECORDS_PER_NAME = 3
BACKUPS = 100
DELEGATIONS = 100
TTL = 3600

YAML_HEAD = """\
---
$ttl: {ttl}
$dnssec: {dnssec}
$soa: {{mname: ns1.{origin}, rname: hostmaster.{origin}}}
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
YAML_DELEGATION = """\
{name}: {{type: NS, values: [ns1.{name}.{origin}, ns2.{name}.{origin}]}}
ns1.{name}: {{type: A, value: 198.19.3.{number}}}
ns2.{name}: {{type: A, value: 198.19.4.{number}}}
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
MASTER_DELEGATION = """\
{name} NS ns1.{name}
{name} NS ns2.{name}
ns1.{name} A 198.19.3.{number}
ns2.{name} A 198.19.4.{number}
"""
MASTER_NAME = """\
{name} A {address}
{name} MX 10 {name}
{name} MX 20 mx{backup}
"""
YAML = (YAML_HEAD, YAML_BACKUP, YAML_DELEGATION, YAML_NAME)
MASTER = (MASTER_HEAD, MASTER_BACKUP, MASTER_DELEGATION, MASTER_NAME)


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


def delegation(number: int) -> str:
    """The label of a zone cut."""
    return f"g{number:02}"


def write(folder: Path, names: int, dnssec: str = "false") -> GeneratedZone:
    """Write a zone of that many names into `folder`, in both forms.

    Ours signs it as `dnssec` says; the master file is without signatures.
    """
    yaml = folder / "yaml" / f"{ORIGIN}yaml"
    master = folder / "master" / f"{ORIGIN}zone"
    for path, texts in ((yaml, YAML), (master, MASTER)):
        path.parent.mkdir(parents=True)
        with path.open("w") as file:
            file.writelines(_texts(names, dnssec, texts))
    return GeneratedZone(names, yaml, master)


def _texts(names: int, dnssec: str, texts: tuple[str, ...]) -> Iterator[str]:
    head, backup, cut, name = texts
    yield head.format(origin=ORIGIN, ttl=TTL, dnssec=dnssec)
    for number in range(BACKUPS):
        yield backup.format(number=number)
    for number in range(DELEGATIONS):
        yield cut.format(name=delegation(number), number=number, origin=ORIGIN)
    for number in range(names):
        yield name.format(
            name=owner(number),
            address=f"198.18.{number // 256 % 256}.{number % 256}",
            backup=number % BACKUPS,
            origin=ORIGIN,
        )
