"""What is written into the log of other servers that have, or have not, what is served here."""

from collections.abc import Callable

from zoneserver.service.logs import log
from zoneserver.service.transferring.register import say_server
from zoneserver.transfer.follower import Event, Follower


def say(event: Event, follower: Follower) -> None:
    """Write it down."""
    name, write, text = _WORDS[event]
    zone, server = str(follower.origin), say_server(follower.peer.endpoint)
    words = {"zone": zone, "server": server, "serial": follower.wanted}
    write(name, text.format(problem=follower.problem, **words), **words)


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
    Event.CURRENT: ("secondary-current", log.info, "{server} has {zone} serial {serial}"),
    Event.BEHIND: ("secondary-behind", log.warning, _BEHIND),
    Event.AHEAD: ("secondary-ahead", log.warning, _AHEAD),
    Event.UNHEEDED: ("notify-refused", log.warning, _UNHEEDED),
    Event.SILENT: ("notify-unanswered", log.warning, _SILENT),
}
