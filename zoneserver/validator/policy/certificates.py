"""The certificates that a zone names, for its TLSA records to be made from."""

from collections.abc import Iterator

from zoneserver.findings import Finding, make_finding
from zoneserver.names import Name
from zoneserver.validator.world import Candidate, World
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.nodes import show
from zoneserver.zonefile.source import ServerKey

# RFC 7672 3.1.1: with usage 3 neither the times of a certificate nor its names count.
_EFFECT = (
    "senders that go by TLSA take it all the same, but those that check certificates, as"
    " MTA-STS has it, do not deliver."
)
_SHOWN = 5  # names of a certificate


def check_certificates(candidate: Candidate, world: World) -> Iterator[Finding]:
    """TL008, TL009: certificates that are good for the record, and for nothing else."""
    for block in candidate.source.tlsa:
        hosts = [host for host in block.hosts if _is_ours(host, candidate.zone)]
        for key in block.keys:
            if key.ends is not None and key.ends < world.today:
                yield make_finding(
                    "TL008",
                    key.mark,
                    f"the certificate in {show(key.path)} was good until {key.ends}: {_EFFECT}",
                    "have it renewed, with the same key or the one of next",
                    owner=hosts[0] if hosts else None,
                )
            yield from (_misfit(key, host) for host in hosts if not _fits(key, host))


def _misfit(key: ServerKey, host: Name) -> Finding:
    names = key.names or ()
    said = " and ".join(names[:_SHOWN]) or "no host at all"
    more = f" and {len(names) - _SHOWN} others" if len(names) > _SHOWN else ""
    return make_finding(
        "TL009",
        key.mark,
        f"the certificate in {show(key.path)} is for {said}{more}, and not for {host}:"
        f" {_EFFECT}",
        f"name the file of the certificate that {host} shows, or have one made for that name",
        owner=host,
    )


def _is_ours(host: Name, zone: Zone) -> bool:
    """Whether there are records at a host that the zone answers with."""
    node = zone.find(host)
    return node is not None and node.cover is None and not node.is_cut


def _fits(key: ServerKey, host: Name) -> bool:
    """Whether a certificate is for a host; a wildcard stands for one label (RFC 6125 6.4)."""
    if key.names is None:
        return True
    exact = str(host).rstrip(".").lower()
    wild = f"*.{exact.partition('.')[2]}"
    return not {exact, wild}.isdisjoint(name.rstrip(".").lower() for name in key.names)
