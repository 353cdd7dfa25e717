"""How zones are signed: with which keys, how long these live, and how long caches are given."""

from dataclasses import dataclass
from enum import StrEnum

from zoneserver.records.algorithms import DEFAULT

DAY = 86_400


class Role(StrEnum):
    """What a key is for: the keys of the zone (ksk), all the rest (zsk), or both (csk)."""

    CSK = "csk"
    KSK = "ksk"
    ZSK = "zsk"

    @property
    def is_entry(self) -> bool:
        """Whether the parent vouches for it."""
        return self is not Role.ZSK

    @property
    def signs_zone(self) -> bool:
        """Whether it signs what is no key."""
        return self is not Role.KSK


@dataclass(frozen=True, slots=True)
class Policy:
    """How a zone is signed. All times are in seconds; a lifetime of 0 has no end.

    `propagation` is how long it takes at most, from the moment that a version is signed, until
    every secondary has it, and until every server of the parent has a new DS. `ds_ttl` is what
    the DS at the parent may have as its TTL at most; where more is seen, that counts.
    """

    algorithm: int = DEFAULT
    is_split: bool = False
    nsec3: bool = False
    opt_out: bool = False
    zsk_lifetime: int = 0
    ksk_lifetime: int = 0
    key_ttl: int = 3_600
    propagation: int = 3_600
    ds_ttl: int = DAY

    @property
    def roles(self) -> tuple[Role, ...]:
        """Those of the keys of a zone."""
        return (Role.KSK, Role.ZSK) if self.is_split else (Role.CSK,)

    def lifetime(self, role: Role) -> int:
        """How long a key is used before the next one is made."""
        return self.ksk_lifetime if role.is_entry else self.zsk_lifetime
