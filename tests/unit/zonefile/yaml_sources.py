"""Reads zone files that tests write as text, and says what came of them."""

from collections.abc import Mapping

from zoneserver.findings import Level
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.zonefile.source import Defaults, ZoneSource
from zoneserver.zonefile.yaml_zone import read_yaml_zone

ORIGIN = Name.parse("example.com.")
FILE = "zones/example.com.yaml"


def read(
    text: str | bytes,
    includes: Mapping[str, str] | None = None,
    defaults: Defaults | None = None,
    origin: Name = ORIGIN,
) -> ZoneSource:
    """The zone that one file writes; `includes` are the files that there are beside it."""
    octets = text.encode() if isinstance(text, str) else text
    return read_files({FILE: octets}, includes, defaults, origin)


def read_files(
    files: Mapping[str, bytes],
    includes: Mapping[str, str] | None = None,
    defaults: Defaults | None = None,
    origin: Name = ORIGIN,
) -> ZoneSource:
    """The zone that several files write."""

    def include(path: str) -> bytes:
        if includes is None or path not in includes:
            raise FileNotFoundError(2, "No such file or directory")
        return includes[path].encode()

    return read_yaml_zone(origin, files, include, defaults or Defaults())


def barred(text: str) -> tuple[str, str]:
    """The text without its broken bar, and the place where that stood as `line:column`."""
    before, _, after = text.partition("\u00a6")
    line = before.count("\n") + 1
    return before + after, f"{line}:{len(before) - before.rfind(chr(10))}"


def records(source: ZoneSource) -> set[str]:
    """The records as `owner TTL type rdata`, owners relative; without the SOA."""
    return {
        f"{record.owner.relative_to(source.origin)} {record.ttl}"
        f" {rtypes.mnemonic(record.rtype)} {record.rdata.text}"
        for record in source.records
        if record.rtype != rtypes.SOA
    }


def found(source: ZoneSource) -> list[str]:
    """The findings as `line:column code`."""
    return [
        f"{finding.mark.line}:{finding.mark.column} {finding.code}"
        for finding in source.findings
    ]


def errors(source: ZoneSource) -> list[str]:
    """The findings that keep the zone from being served, as `line:column code`."""
    blocking = [finding for finding in source.findings if finding.level is Level.ERROR]
    return [f"{each.mark.line}:{each.mark.column} {each.code}" for each in blocking]


def messages(source: ZoneSource) -> str:
    """All that the findings tell the reader: reasons, fixes, and what stands elsewhere."""
    return "\n".join(
        f"{finding.reason} / {finding.fix} / "
        + " ".join(f"{mark.line}:{mark.column} {text}" for mark, text in finding.related)
        for finding in source.findings
    )


def unreadable(source: ZoneSource) -> set[str]:
    """The owners with a record that could not be read."""
    return {name.relative_to(source.origin) for name in source.unreadable}
