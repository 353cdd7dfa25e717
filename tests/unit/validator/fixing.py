"""Zone files in memory, mended: what the tables of fixes are made of."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from zoneserver.names import Name
from zoneserver.service.checking.mending import Mended, mend
from zoneserver.service.disk.files import Includer
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.zonefile.source import Defaults

TODAY = date(2026, 6, 1)
FOLDER = "no-such-folder"

# A zone in which all names are there that a table needs.
BASE = """\
$ttl: 3600
ns1: {type: A, value: 192.0.2.1}
ns2: {type: A, value: 198.51.100.2}
mail: {type: A, value: 192.0.2.25}
web: {type: A, value: 192.0.2.80}
www: {type: CNAME, value: web.example.com.}
far: {type: CNAME, value: host.example.net.}
away: {type: CNAME, value: host.example.org.}
hostmaster: {type: MX, value: {exchange: mail.example.com., preference: 10}}
"""
APEX = """\
'':
  - {type: NS, values: [ns1.example.com., ns2.example.com.]}
"""
OTHER = """\
'': [{type: NS, values: [host.example.net., ns1.example.com.]}, {type: MX, value: {
  exchange: host.example.net., preference: 10}}]
host: {type: A, value: 203.0.113.1}
alias: {type: CNAME, value: host.example.net.}
back: {type: CNAME, value: mail.example.com.}
lost: {type: CNAME, value: nobody.example.net.}
"""


def zone(*apex: str, more: str = "", start: str = APEX) -> str:
    """The text of a zone with further records at its apex, and further names."""
    return start + "".join(f"  - {record}\n" for record in apex) + BASE + more


def mend_zones(zones: Mapping[str, str | bytes], defaults: Defaults | None = None) -> Mended:
    """What is made of zones, given by origin without the final dot."""
    files = []
    for origin, text in zones.items():
        path = Path(f"{FOLDER}/{origin}.yaml")
        include = Includer(path.parent, path.parent)
        octets = text.encode() if isinstance(text, str) else text
        name = Name.parse(f"{origin}.")
        files.append(ZoneFiles(path, name, include, {str(path): octets}))
    return mend(files, defaults or Defaults(), TODAY)


def fixed(text: str, **others: str) -> str:
    """What example.com. becomes, beside other zones."""
    zones = {"example.com": text} | {
        key.replace("_", "."): each for key, each in others.items()
    }
    return mend_zones(zones).texts[f"{FOLDER}/example.com.yaml"].decode()


def codes(text: str, **others: str) -> list[str]:
    """The rules behind the fixes, in their order."""
    zones = {"example.com": text} | {
        key.replace("_", "."): each for key, each in others.items()
    }
    return [fix.finding.code for fix in mend_zones(zones).fixes]
