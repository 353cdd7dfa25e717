"""What the server says of its zones: at the start on standard output, later in the log."""

from collections.abc import Collection, Iterable
from itertools import islice

from zoneserver.findings import Finding, Level
from zoneserver.service.keeper import Keeper, Renewal
from zoneserver.service.report import Texts, count, format_finding
from zoneserver.service.terminal import log, printable, say
from zoneserver.service.words import describe_zone

LISTED_ZONES = 1000  # zones that are told one by one at the start


def log_findings(renewal: Renewal, known: Collection[Finding] = ()) -> None:
    """Every finding but the hints, which `check` alone shows, and those that are known."""
    texts = Texts(renewal.texts)
    for finding in renewal.admission.findings:
        if finding.level > Level.HINT and finding not in known:
            log(format_finding(finding, texts))


def say_zones(keeper: Keeper, renewal: Renewal) -> None:
    """What is served, and what is not: one line a zone."""
    for version in islice(keeper.standing, LISTED_ZONES):
        say(printable(describe_zone(version.zone)))
    if len(keeper.standing) > LISTED_ZONES:
        say(f"... and {count(len(keeper.standing) - LISTED_ZONES, 'further zone')}")
    findings = renewal.admission.findings
    for origin in islice(keeper.refused, LISTED_ZONES):
        errors = sum(1 for each in findings if each.blocks and each.origin == origin)
        say(f"{origin} REFUSED, {count(errors, 'error')}: answered SERVFAIL")


def log_changes(
    keeper: Keeper, renewal: Renewal, changes: Iterable[str], seconds: float
) -> None:
    """What a reload changed, and what it did not."""
    for line in changes:
        log(printable(line))
    for origin in sorted(renewal.admission.kept, key=str):
        if served := keeper.standing.get(origin):
            serial = served.zone.serial
            log(f"kept: {origin} serial {serial}, because of the errors above")
    zones = count(len(keeper.standing) + len(keeper.refused), "zone")
    log(f"reloaded in {seconds:.2f} s: {zones}")
