"""One name of a zone, with its RRsets and what hides it."""

from dataclasses import dataclass

from zoneserver.names import Name
from zoneserver.records.rrset import RRset


@dataclass(frozen=True, slots=True)
class Node:
    """A name that exists: it has RRsets, or names below it have (RFC 4592 2.2.2).

    `is_cut` marks a delegation, `cover` the topmost name above that hides this one: a
    zone cut or a DNAME. Both are settled when the zone is built, so that an answer only
    has to look. `is_hashed` marks the owner of an NSEC3 and nothing else: no name that could
    be asked for (RFC 5155 7.2.8).

    The RRSIGs stand in an RRset for each type that they cover: their TTLs are those of what
    they sign (RFC 4034 3).
    """

    owner: Name
    rrsets: tuple[RRset, ...] = ()
    is_cut: bool = False
    cover: "Node | None" = None
    is_hashed: bool = False

    def find(self, rtype: int) -> RRset | None:
        """The RRset of a type, or None."""
        # A node has one to four RRsets: walking them beats a dict, in time and memory.
        for rrset in self.rrsets:
            if rrset.rtype == rtype:
                return rrset
        return None

    def get(self, rtype: int) -> RRset:
        """The RRset of a type that must be there. Raises KeyError."""
        rrset = self.find(rtype)
        if rrset is None:
            raise KeyError(rtype)
        return rrset

    def find_all(self, rtype: int) -> tuple[RRset, ...]:
        """The RRset of a type, or none; of RRSIG, one for each type that is signed."""
        return tuple([rrset for rrset in self.rrsets if rrset.rtype == rtype])

    @property
    def is_empty_non_terminal(self) -> bool:
        """Whether the name exists only because names below it do (RFC 8499 7)."""
        return not self.rrsets
