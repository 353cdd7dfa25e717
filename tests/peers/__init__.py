"""Nameservers run as child processes on loopback, for tests and benchmarks.

Each module starts one server with the same zones in its own configuration:
`zoneserver` (this project), `nsd`, `knot`, `bind` and `pdns`. What they have in common stands
in `server`; `process` holds what any child process needs.
"""

from tests.peers.bind import Bind
from tests.peers.knot import Knot
from tests.peers.nsd import Nsd
from tests.peers.pdns import Pdns
from tests.peers.server import Server, ServerError
from tests.peers.zoneserver import Zoneserver

# Those whose answers ours are compared with; all of them are measured beside ours.
PEERS: tuple[type[Server], ...] = (Nsd, Knot, Bind)
MEASURED: tuple[type[Server], ...] = (*PEERS, Pdns)

__all__ = [
    "MEASURED",
    "PEERS",
    "Bind",
    "Knot",
    "Nsd",
    "Pdns",
    "Server",
    "ServerError",
    "Zoneserver",
]
