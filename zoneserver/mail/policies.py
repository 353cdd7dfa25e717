"""What a domain publishes about its mail beside the MX: MTA-STS, SPF, DMARC."""

from typing import NamedTuple

from zoneserver.errors import NameSyntaxError
from zoneserver.names import Name
from zoneserver.records.fields import quote
from zoneserver.validator.policy.survey import ask_texts
from zoneserver.validator.policy.texts import Kind, opens_as
from zoneserver.validator.world import World


class Policy(NamedTuple):
    """One policy record, its text quoted."""

    kind: Kind
    owner: Name
    text: str


# Where below the domain each kind stands.
LABELS = {
    Kind.MTA_STS: (b"_mta-sts",),  # RFC 8461 3.1
    Kind.SPF: (),  # RFC 7208 3.1
    Kind.DMARC: (b"_dmarc",),  # RFC 9989 4.10
}


def find_policies(world: World, domain: Name) -> tuple[Policy, ...]:
    """The policies of a domain, as far as our zones have them.

    They belong to the domain in the address, also where that is an alias. DMARC alone may
    stand at a domain further up (RFC 9989 4.10).
    """
    found: list[Policy] = []
    for kind in LABELS:
        for name in [domain, *(domain.ancestors() if kind is Kind.DMARC else ())]:
            policies = _find(world, kind, name)
            found += policies
            if policies:
                break
    return tuple(found)


def _find(world: World, kind: Kind, name: Name) -> list[Policy]:
    try:
        owner = name.prefixed(*LABELS[kind])
    except NameSyntaxError:  # the name is too long to have one
        return []
    return [
        Policy(kind, owner, quote(b"".join(text.strings)))
        for text in ask_texts(world, owner) or ()
        if opens_as(kind, text.text)
    ]
