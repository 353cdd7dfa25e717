"""What the server says of its zones: at the start on standard output, later in the log."""

from collections.abc import Collection, Iterable
from itertools import islice

from zoneserver.findings import Finding, Level
from zoneserver.names import Name
from zoneserver.service.checking.report import Texts, count, format_finding
from zoneserver.service.checking.words import Change, describe_zone
from zoneserver.service.keeping.keeper import Keeper, Renewal
from zoneserver.service.logs import log

LISTED_ZONES = 1000  # zones that are told one by one at the start


def log_findings(renewal: Renewal, known: Collection[Finding] = ()) -> None:
    """Every finding but the hints, which `check` alone shows, and those that are known."""
    texts = Texts(renewal.texts)
    for finding in renewal.admission.findings:
        if finding.level > Level.HINT and finding not in known:
            _log_finding(finding, texts)


def _log_finding(finding: Finding, texts: Texts) -> None:
    tell = log.error if finding.blocks else log.warning
    tell(
        "finding",
        finding.reason,
        shown=format_finding(finding, texts),
        code=finding.code,
        zone=str(finding.origin) if finding.origin else None,
        file=finding.mark.file,
        line=finding.mark.line,
        column=finding.mark.column,
        fix=finding.fix,
        waived=finding.waived,
    )


def say_zones(keeper: Keeper, renewal: Renewal) -> None:
    """What is served, and what is not: one line a zone."""
    for version in islice(keeper.standing, LISTED_ZONES):
        zone = version.zone
        text = describe_zone(zone)
        log.announce("zone-served", text, zone=str(zone.origin), serial=zone.serial)
    if len(keeper.standing) > LISTED_ZONES:
        more = len(keeper.standing) - LISTED_ZONES
        log.announce("zones-served", f"... and {count(more, 'further zone')}", zones=more)
    for origin in islice(keeper.refused, LISTED_ZONES):
        errors = _count_errors(renewal, origin)
        why = "no copy yet" if origin in keeper.awaited else count(errors, "error")
        text = f"{origin} REFUSED, {why}: answered SERVFAIL"
        log.announce("zone-refused", text, zone=str(origin), errors=errors)


def _count_errors(renewal: Renewal, origin: Name) -> int:
    findings = renewal.admission.findings
    return sum(1 for each in findings if each.blocks and each.origin == origin)


def log_changes(
    keeper: Keeper, renewal: Renewal, changes: Iterable[Change], seconds: float
) -> None:
    """What a reload changed, and what it did not."""
    for change in changes:
        log.info(change.kind, change.text, zone=str(change.origin))
    for origin in sorted(renewal.admission.kept, key=str):
        if served := keeper.standing.get(origin):
            serial = served.zone.serial
            text = f"kept: {origin} serial {serial}, because of the errors above"
            log.info("zone-kept", text, zone=str(origin), serial=serial)
    zones = len(keeper.standing) + len(keeper.refused)
    text = f"reloaded in {seconds:.2f} s: {count(zones, 'zone')}"
    log.info("reloaded", text, zones=zones, seconds=round(seconds, 3))


def log_wanting(origins: Iterable[Name]) -> None:
    """Zones for which somebody may have to do something: their parents have to have a DS."""
    for origin in origins:
        text = f"{origin} waits for a DS at its parent: zoneserver dnssec status {origin}"
        log.info("ds-wanted", text, zone=str(origin))
