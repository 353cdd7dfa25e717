"""How zones are signed, and who is asked for the DS at their parents: as it is configured."""

from dataclasses import dataclass, replace

from zoneserver.dnssec.policy import Policy
from zoneserver.errors import SigningKeyError
from zoneserver.transports.endpoint import Endpoint
from zoneserver.zonefile.source import Dnssec


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

    def resolve(self, dnssec: Dnssec) -> Policy:
        """How a zone asks to be signed. Raises SigningKeyError."""
        policy = self.find(dnssec.policy)
        if policy is None:
            known = ", ".join(name for name, _ in self.policies) or "none"
            raise SigningKeyError(
                f"there is no policy {dnssec.policy!r} in the configuration, where"
                f" dnssec.policies has {known}"
            )
        nsec3 = policy.nsec3 if dnssec.nsec3 is None else dnssec.nsec3
        opt_out = policy.opt_out if dnssec.opt_out is None else dnssec.opt_out
        return replace(
            policy,
            algorithm=dnssec.algorithm or policy.algorithm,
            nsec3=nsec3,
            opt_out=nsec3 and opt_out,
        )
