"""Nameservers run as child processes on loopback, for tests and benchmarks.

Each module starts one server with the same zones in its own configuration:
`zoneserver` (this project), `nsd`, `knot` and `bind`. What they have in common stands
in `server`; `process` holds what any child process needs.
"""

from tests.peers.bind import Bind
from tests.peers.knot import Knot
from tests.peers.nsd import Nsd
from tests.peers.server import Server, ServerError
from tests.peers.zoneserver import Zoneserver

PEERS: tuple[type[Server], ...] = (Nsd, Knot, Bind)

__all__ = ["PEERS", "Bind", "Knot", "Nsd", "Server", "ServerError", "Zoneserver"]
