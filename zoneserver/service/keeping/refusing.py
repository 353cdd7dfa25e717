"""What keeps zones from being signed, or from being signed no longer, as findings."""

from dataclasses import replace

from zoneserver.errors import SigningKeyError
from zoneserver.findings import Mark, make_finding
from zoneserver.service.configuration.dnssec_settings import DnssecSettings
from zoneserver.zonefile.source import Dnssec, ZoneSource


def check_policy(source: ZoneSource, settings: DnssecSettings) -> ZoneSource:
    """The source, with a finding if it asks for a policy that nobody knows."""
    if source.dnssec is not None:
        try:
            settings.resolve(source.dnssec)
        except SigningKeyError as error:
            return refuse(source, source.dnssec, error)
    return source


def refuse(source: ZoneSource, dnssec: Dnssec, error: SigningKeyError) -> ZoneSource:
    """The source with what keeps it from being signed."""
    finding = make_finding(
        "SY009",
        dnssec.mark,
        f"{source.origin} cannot be signed: {error}",
        "mend that; a lost file of keys is put back from a copy, as the parent zone vouches for"
        " the key in it",
        origin=source.origin,
        owner=source.origin,
    )
    return replace(source, findings=(*source.findings, finding))


def refuse_unsigned(source: ZoneSource) -> ZoneSource:
    """The source of a zone that must not be without signatures yet."""
    origin = source.origin
    mark = source.records[0].mark if source.records else Mark(str(origin), 1, 1)
    finding = make_finding(
        "SY009",
        Mark(mark.file, 1, 1),
        f"{origin} has no $dnssec any more, and its parent may have a DS: whoever validates"
        " would lose the zone",
        f"put $dnssec back, run zoneserver dnssec unsign {origin}, and wait for what its status"
        f" says; or, where you know better: zoneserver reload --force {origin}",
        origin=origin,
        owner=origin,
    )
    return replace(source, findings=(*source.findings, finding))
