"""Where the server listens, as what user, for how many: what is settled before it starts."""

import resource
from contextlib import suppress

from zoneserver.service.privileges import give_up_privileges, hand_over
from zoneserver.service.settings import Settings
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import has_ipv6_loopback

RESERVED_DESCRIPTORS = 32  # for sockets, logs, and image files
DEFAULT_LISTEN = (Endpoint("127.0.0.1", 5300), Endpoint("::1", 5300))


def settle_user(settings: Settings) -> None:
    """Become who is to serve, with what belongs to them. Raises StartError."""
    privileges = settings.privileges
    if privileges.user and settings.state:
        hand_over(settings.state, privileges.user)
    tls = settings.tls.listen if settings.tls else ()
    give_up_privileges(privileges, (*endpoints_of(settings), *tls))


def endpoints_of(settings: Settings) -> tuple[Endpoint, ...]:
    """Where to listen."""
    if settings.listen:
        return settings.listen
    ours = has_ipv6_loopback()
    return tuple(each for each in DEFAULT_LISTEN if ours or not each.is_ipv6)


def count_connections(most: int) -> int:
    """How many TCP connections, of so many, the limit of open files leaves room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + RESERVED_DESCRIPTORS
    if soft < wanted:
        soft = min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(most, soft - RESERVED_DESCRIPTORS))
