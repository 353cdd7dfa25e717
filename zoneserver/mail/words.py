"""Phrases that the texts about mail share."""

from collections.abc import Sequence

from zoneserver.mail.route import Exchanger, Fate
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.validator.world import Verdict

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))

_VERDICTS = {
    Verdict.FOREIGN: "outside the zones served here: not known offline",
    Verdict.DELEGATED: "below a zone cut, in a child zone not served here: not known",
    Verdict.BARE: "no address: no sender can connect",
    Verdict.MISSING: "no such name: no sender can connect",
    Verdict.UNREADABLE: "written in a way that cannot be read",
}


def duration(seconds: int) -> str:
    """A time in the largest unit that has no remainder: `5 minutes`, `90 seconds`."""
    size, unit = next(pair for pair in _UNITS if seconds % pair[0] == 0)
    if seconds == 0:
        size, unit = _UNITS[-1]
    return count(seconds // size, unit)


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 zone`, `2 zones`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Sequence[object], junction: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *firsts, last = map(str, words)
    return f"{', '.join(firsts)} {junction} {last}" if firsts else last


def bare(name: Name) -> str:
    """A name without its final dot, as it stands in a mail address."""
    return str(name).removesuffix(".")


def describe_alias(rrset: RRset) -> str:
    """One alias on the way, in words."""
    target = rrset.rdatas[0].points_to
    if rrset.rtype == rtypes.DNAME:
        return f"names below {rrset.owner} are those below {target} (DNAME)"
    return f"{rrset.owner} is an alias of {target} (CNAME)"


def describe_trouble(exchanger: Exchanger) -> str:
    """Why mail to a host does not arrive, or cannot be followed; empty for a sound one."""
    target = exchanger.target
    codes = ", ".join(dict.fromkeys(fault.code for fault in exchanger.faults))
    if target.name == ROOT:
        return 'no host at all: "." means no mail, and must stand alone'
    if target.verdict in (Verdict.ALIAS, Verdict.REWRITTEN):
        kind = "CNAME" if target.verdict is Verdict.ALIAS else "DNAME"
        what = f"an alias of {target.next_hop} by {kind}: senders may refuse it"
    elif target.verdict in (Verdict.FOREIGN, Verdict.HOST) and codes:
        what = "no sender can rely on it"
    else:
        what = _VERDICTS.get(target.verdict, "")
    return f"{what} ({codes})" if what and codes else what


def is_sound(exchanger: Exchanger) -> bool:
    """Whether mail to a host may arrive, as far as is known."""
    return exchanger.fate is not Fate.BOUNCED
