"""What is settled before a server is made: as whom it runs, and what it is given by others."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zoneserver.service.configuration.settings import Settings
from zoneserver.service.replacing.aside import step_aside
from zoneserver.service.replacing.estate import Estate
from zoneserver.service.replacing.predecessor import Predecessor
from zoneserver.service.running.binding import endpoints_of, settle_user
from zoneserver.service.running.manager import ServiceManager
from zoneserver.transports.listen import Sockets
from zoneserver.transports.passed import take_sockets


@dataclass(frozen=True, slots=True)
class Start:
    """`passed` are the sockets of a service manager, `predecessor` is who is to be replaced."""

    settings: Settings
    manager: ServiceManager
    passed: Sequence[Sockets]
    predecessor: Predecessor | None = None

    @property
    def left(self) -> Estate:
        """What the predecessor has left, and is not taken yet."""
        return self.predecessor.estate if self.predecessor else Estate()


def begin(read_settings: Callable[[], Settings], *, replace: bool) -> Start:
    """Become who is to serve, and with `replace` ask for what the running server has.

    A process that replaces one of a service manager goes on beside the one that called this,
    which ends as soon as it answers: the manager waits for that. Raises OperatorError.
    """
    manager = ServiceManager(os.environ)
    passed = take_sockets(manager.descriptors)
    settle_user(read_settings(), passed)
    # Once more, as whom it will be read by at a reload: that must be possible, too.
    settings = read_settings()
    if not replace:
        return Start(settings, manager, passed)
    predecessor = Predecessor.ask(settings.control)
    predecessor.require_same(endpoints_of(settings))
    if predecessor.is_managed:
        predecessor.on_replaced = step_aside()
    return Start(settings, manager, (), predecessor)
