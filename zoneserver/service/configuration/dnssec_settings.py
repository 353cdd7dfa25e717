"""How zones are signed, and who is asked for the DS at their parents: as it is configured."""

from dataclasses import dataclass

from zoneserver.dnssec.policy import Policy
from zoneserver.transports.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class DnssecSettings:
    """The policies by the names that zones call them by, and the resolvers.

    Where there are no `resolvers`, they are those of this host.
    """

    resolvers: tuple[Endpoint, ...] = ()
    policies: tuple[tuple[str, Policy], ...] = ()

    def find(self, name: str) -> Policy | None:
        """The policy of a name; None: there is none. Without a name it is the default."""
        return dict(self.policies).get(name) if name else Policy()
