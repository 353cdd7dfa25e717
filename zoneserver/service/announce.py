"""What the server says of its zones: at the start on standard output, later in the log."""

from collections.abc import Iterable

from zoneserver.findings import Level
from zoneserver.service.keeper import Renewal
from zoneserver.service.report import Texts, count, format_finding
from zoneserver.service.terminal import log, printable, say
from zoneserver.service.words import describe_zone
from zoneserver.zone.zone import Zone

LISTED_ZONES = 1000  # zones that are told one by one at the start


def log_findings(renewal: Renewal) -> None:
    """Every finding but the hints, which `check` alone shows."""
    texts = Texts(renewal.texts)
    for finding in renewal.admission.findings:
        if finding.level > Level.HINT:
            log(format_finding(finding, texts))
    if renewal.complaint:
        log(f"warning: {printable(renewal.complaint)}; serials are kept in memory only")


def say_zones(renewal: Renewal) -> None:
    """What is served, and what is not: one line a zone."""
    admission = renewal.admission
    for zone in list(renewal.zones)[:LISTED_ZONES]:
        if isinstance(zone, Zone):
            say(printable(describe_zone(zone)))
        else:
            errors = sum(
                1 for each in admission.findings if each.blocks and each.origin == zone.origin
            )
            say(f"{zone.origin} REFUSED, {count(errors, 'error')}: answered SERVFAIL")
    if len(renewal.zones) > LISTED_ZONES:
        say(f"... and {count(len(renewal.zones) - LISTED_ZONES, 'further zone')}")


def log_changes(renewal: Renewal, changes: Iterable[str], seconds: float) -> None:
    """What a reload changed, and what it did not."""
    for line in changes:
        log(printable(line))
    for origin in sorted(renewal.admission.kept, key=str):
        served = renewal.zones.get(origin)
        if isinstance(served, Zone):
            log(f"kept: {origin} serial {served.serial}, because of the errors above")
    zones = count(len(renewal.zones), "zone")
    log(f"reloaded in {seconds:.2f} s: {zones}")
