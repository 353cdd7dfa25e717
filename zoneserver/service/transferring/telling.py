"""What is written into the log of other servers that have, or have not, what is served here."""

from collections.abc import Callable

from zoneserver.service.logs import log
from zoneserver.service.transferring.register import say_server
from zoneserver.transfer.follower import Event, Follower


def say(event: Event, follower: Follower, seconds: float) -> None:
    """Write it down, so many seconds after it should have got the serial."""
    name, write, text = _WORDS[event]
    zone, server = str(follower.origin), say_server(follower.peer.endpoint)
    words = {"zone": zone, "server": server, "serial": follower.wanted}
    told = text.format(problem=follower.problem, seconds=seconds, **words)
    write(name, told, seconds=round(seconds, 3), **words)


_CURRENT = "{server} has {zone} serial {serial}, after {seconds:.2f} s"
_BEHIND = """\
{server} {problem}: it was told of {zone} serial {serial}, and has it not; may it take the \
zone, and does it reach this server over TCP?"""
_AHEAD = """\
{server} {problem}: it takes {zone} from here no more before the serial has passed its own, or \
its copy is removed there"""
_UNHEEDED = """\
{server} {problem}: it will take {zone} serial {serial} at its own pace; have it accept NOTIFY \
from this server, with the key if one is set"""
_SILENT = """\
{server} {problem}: {zone} serial {serial}; is it up, and does it listen there?"""

_WORDS: dict[Event, tuple[str, Callable[..., None], str]] = {
    Event.CURRENT: ("secondary-current", log.info, _CURRENT),
    Event.BEHIND: ("secondary-behind", log.warning, _BEHIND),
    Event.AHEAD: ("secondary-ahead", log.warning, _AHEAD),
    Event.UNHEEDED: ("notify-refused", log.warning, _UNHEEDED),
    Event.SILENT: ("notify-unanswered", log.warning, _SILENT),
}
