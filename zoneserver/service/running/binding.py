"""Where the server listens, as what user, for how many: what is settled before it starts."""

import resource
from collections.abc import Sequence
from contextlib import suppress

from zoneserver.service.configuration.settings import Settings
from zoneserver.service.running.privileges import (
    give_up_privileges,
    hand_over,
    require_program,
    require_user,
)
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import Sockets, bind_shared, has_ipv6_loopback

RESERVED_DESCRIPTORS = 32  # for sockets, logs, and image files
DEFAULT_LISTEN = (Endpoint("127.0.0.1", 5300), Endpoint("::1", 5300))


def settle_user(settings: Settings, passed: Sequence[Sockets]) -> None:
    """Become who is to serve, with what belongs to them. Raises StartError.

    To bind what was `passed` takes no privilege any more.
    """
    privileges = settings.privileges
    tls = settings.tls.listen if settings.tls else ()
    ours = () if passed else endpoints_of(settings)
    require_user(privileges, [*(each.endpoint for each in passed), *ours, *tls, *settings.http])
    if privileges.user and settings.state:
        hand_over(settings.state, privileges.user)
    give_up_privileges(privileges, (*ours, *tls, *settings.http))
    require_program()


def endpoints_of(settings: Settings) -> tuple[Endpoint, ...]:
    """Where to listen."""
    if settings.listen:
        return settings.listen
    ours = has_ipv6_loopback()
    return tuple(each for each in DEFAULT_LISTEN if ours or not each.is_ipv6)


def bind_all(
    settings: Settings, passed: Sequence[Sockets], workers: int
) -> list[list[Sockets]]:
    """For each endpoint the sockets of each worker. Raises StartError.

    Those that were passed are there once: all workers take from the same queue.
    """
    if passed:
        return [[sockets] * workers for sockets in passed]
    return [bind_shared(endpoint, workers) for endpoint in endpoints_of(settings)]


def count_connections(most: int) -> int:
    """How many TCP connections, of so many, the limit of open files leaves room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + RESERVED_DESCRIPTORS
    if soft < wanted:
        soft = min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(most, soft - RESERVED_DESCRIPTORS))
