"""What a zone says to a question: an outcome and three sections, no octets yet."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from zoneserver.names import Name
from zoneserver.records.rrset import RRset


class Outcome(Enum):
    """How a look-up ended. The words are those of RFC 9499."""

    ANSWER = "the RRset asked for"
    NODATA = "the name exists, the type does not"
    NXDOMAIN = "the name does not exist"
    REFERRAL = "a zone below is to be asked"
    PARTIAL = "an alias leads out of the zone, in a circle or too far"
    YXDOMAIN = "a DNAME makes a name of over 255 octets"


class Absence(Enum):
    """What is not there, on the way to an answer."""

    TYPE = "the type, at a name that exists"
    NAME = "the name, and a wildcard that would cover it"
    EXACT_NAME = "the name, which a wildcard covers"
    WILDCARD_TYPE = "the type, at the wildcard that covers the name"


class Absent(NamedTuple):
    """What an answer says is not there: of which name, and what encloses that closest."""

    what: Absence
    name: Name
    encloser: Name


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome and the sections, in the order they are sent.

    The first `aliases` RRsets of `answer` are the aliases that were followed. `glue` holds
    the addresses that a referral cannot do without (RFC 9471 3), `additional` what is merely
    useful. `absent` is what a signed zone proves beside it.
    """

    outcome: Outcome
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    glue: tuple[RRset, ...] = ()
    additional: tuple[RRset, ...] = ()
    aliases: int = 0
    absent: tuple[Absent, ...] = ()

    @property
    def is_authoritative(self) -> bool:
        """Whether AA is set: it speaks of the first owner in the answer (RFC 1035 4.1.1)."""
        return self.outcome is not Outcome.REFERRAL or bool(self.answer)
