"""A large zone out to one client, over and over: AXFR beside the peers."""

import socket
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import accounting, bounds, generated, report, servers
from benchmarks.bounds import Bound
from benchmarks.generated import ORIGIN
from benchmarks.settings import Settings
from tests.peers import Bind, Server, ServerError
from tests.peers.server import LOOPBACK

WORKERS = 2
WAIT_SECONDS = 60.0
RECEIVE_OCTETS = 1 << 20
LENGTH_OCTETS, COUNT_AT = 2, 6  # where a message tells its answers
AXFR, IN = 252, 1
HEAD = (
    *("server", "first, records/s", "records/s, median (min-max)", "of bind"),
    *("CPU us/record, median (min-max)", "of bind", "octets/record", "messages"),
)


@dataclass
class Measured:
    """What was measured of one server, one value for each round; the first is apart."""

    first: float = 0.0
    per_second: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)
    octets: float = 0.0
    messages: int = 0


@dataclass
class Taken:
    """What came: records, octets, messages."""

    records: int = 0
    octets: int = 0
    messages: int = 0


def run(settings: Settings, folder: Path) -> Iterator[Bound]:
    """Take the zone from every server in turn; print a table and yield the bounds."""
    zone = generated.write(folder, settings.transfer_names)
    with zone.master.open() as lines:  # a record each, and the SOA once more at the end
        records = 1 + sum(not line.startswith("$") for line in lines)
    entries = servers.select(settings, servers.peers(), servers.engines())
    with servers.serving(entries, folder / "servers", zone, WORKERS, sends=True) as running:
        results = {label: Measured() for label in running}
        for number in range(1 + settings.rounds):
            for label, server in running.items():
                measure(server, results[label], records, is_first=not number)
    print(f"\nTransfer; {records:,} records to one client, two workers\n")
    print(_table(results), flush=True)
    first = {label: (each.first,) for label, each in results.items()}
    yield bounds.of_ratio(
        "AXFR, the first, records/s", first, servers.NATIVE, Bind.name, 1, at_least=True
    )
    per_second = {label: each.per_second for label, each in results.items()}
    for engine in (servers.NATIVE, servers.PORTABLE):
        yield bounds.of_ratio(
            "AXFR, records/s", per_second, engine, Bind.name, 1, at_least=True
        )


def measure(server: Server, measured: Measured, records: int, *, is_first: bool) -> None:
    """Take the zone once."""
    start, start_cpu = time.monotonic(), accounting.processor_seconds(server.pid)
    taken = take(server.port, records)
    per_second = records / (time.monotonic() - start)
    cpu = accounting.processor_seconds(server.pid) - start_cpu
    if is_first:
        measured.first = per_second
        return
    measured.per_second.append(per_second)
    measured.microseconds.append(cpu / records * 1e6)
    measured.octets, measured.messages = taken.octets / records, taken.messages


def take(port: int, records: int) -> Taken:
    """Have so many records sent. Raises ServerError where they do not come."""
    taken, received = Taken(), bytearray()
    scratch = memoryview(bytearray(RECEIVE_OCTETS))
    with socket.create_connection((LOOPBACK, port), WAIT_SECONDS) as stream:
        stream.sendall(ask())
        while taken.records < records:
            count = stream.recv_into(scratch)
            if not count:
                raise ServerError(f"{taken.records} records came, and not {records}")
            received += scratch[:count]
            note_messages(received, taken)
    return taken


def ask() -> bytes:
    """The query, behind its length."""
    labels = ORIGIN.rstrip(".").encode().split(b".")
    qname = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    message = struct.pack("!6H", 1, 0, 1, 0, 0, 0) + qname + struct.pack("!2H", AXFR, IN)
    return struct.pack("!H", len(message)) + message


def note_messages(received: bytearray, taken: Taken) -> None:
    """Count the messages that are complete, and take them out."""
    at = 0
    while at + LENGTH_OCTETS <= len(received):
        end = at + LENGTH_OCTETS + int.from_bytes(received[at : at + LENGTH_OCTETS], "big")
        if end > len(received):
            break
        count_at = at + LENGTH_OCTETS + COUNT_AT
        taken.records += int.from_bytes(received[count_at : count_at + 2], "big")
        taken.octets += end - at
        taken.messages += 1
        at = end
    del received[:at]


def _table(results: Mapping[str, Measured]) -> str:
    bind = results.get(Bind.name)
    rows = [
        [
            label,
            f"{measured.first:,.0f}",
            report.median_and_spread(measured.per_second),
            report.ratio(measured.per_second, bind.per_second if bind else None),
            report.median_and_spread(measured.microseconds, 3),
            report.ratio(measured.microseconds, bind.microseconds if bind else None),
            f"{measured.octets:.1f}",
            str(measured.messages),
        ]
        for label, measured in results.items()
    ]
    return report.table(HEAD, rows)
