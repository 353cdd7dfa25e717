"""What a domain publishes about its mail beside the MX: MTA-STS, SPF, DMARC."""

from typing import NamedTuple

from zoneserver.errors import NameSyntaxError
from zoneserver.mail.resolve import Ending, resolve
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.fields import quote
from zoneserver.records.rdata import TXT
from zoneserver.validator.world import World


class Policy(NamedTuple):
    """One policy record: `kind` is `mta-sts`, `spf` or `dmarc`; `text` is quoted."""

    kind: str
    owner: Name
    text: str


# The kind, where below the domain it stands, how its text begins.
KINDS = (
    ("mta-sts", b"_mta-sts", b"v=stsv1"),  # RFC 8461 3.1
    ("spf", b"", b"v=spf1"),  # RFC 7208 4.5
    ("dmarc", b"_dmarc", b"v=dmarc1"),  # RFC 9989 4.10
)


def find_policies(world: World, domain: Name) -> tuple[Policy, ...]:
    """The policies of a domain, as far as our zones have them.

    They belong to the domain in the address, also where that is an alias. DMARC alone may
    stand at a domain further up (RFC 9989 4.10).
    """
    found: list[Policy] = []
    for kind, label, version in KINDS:
        names = [domain, *domain.ancestors()] if kind == "dmarc" else [domain]
        for name in names:
            policies = _find(world, kind, name, label, version)
            found += policies
            if policies:
                break
    return tuple(found)


def _find(world: World, kind: str, name: Name, label: bytes, version: bytes) -> list[Policy]:
    try:
        owner = name.prefixed(label) if label else name
    except NameSyntaxError:  # the name is too long to have one
        return []
    reply = resolve(world, owner, rtypes.TXT)
    if reply.ending is not Ending.FOUND or reply.rrset is None:
        return []
    return [
        Policy(kind, owner, quote(rdata.joined))
        for rdata in reply.rrset.rdatas
        if isinstance(rdata, TXT) and _begins(rdata.joined, version)
    ]


def _begins(text: bytes, version: bytes) -> bool:
    """Whether a text has this version, and not one that merely begins alike."""
    rest = text[len(version) :]
    return text.lower().startswith(version) and rest[:1] in (b"", b" ", b";")
