"""Keys that are replaced while a resolver that validates asks all the time."""

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import dns.dnssec
import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from tests.figures import Figures
from tests.live.registrar import registering
from tests.live.waiting import wait_until
from tests.peers.server import free_port
from tests.peers.unbound import Unbound, validating
from tests.servers import CHECKOUT, ServerProcess, running, write_zones
from zoneserver.names import Name
from zoneserver.service.keeping.zone_keys import read_life

ZONES = ("zsk.com.", "ksk.com.", "csk.com.", "all.com.")
SPLIT = ("zsk.com.", "ksk.com.")
# All that takes hours takes seconds.
CONFIGURATION = """\
dnssec:
  resolver: 127.0.0.1:{port}
  policies:
    whole: {{key_ttl: 1, propagation: 2, ds_ttl: 1}}
    split: {{keys: split, key_ttl: 1, propagation: 2, ds_ttl: 1}}
"""
ZONE = """\
$dnssec: {dnssec}
$ttl: 1
$soa: {{mname: ns.com., rname: hostmaster@example.net, minimum: 1}}
'': {{type: NS, values: [ns.com., ns2.com.]}}
www: {{type: A, value: 192.0.2.25}}
'*.w': {{type: TXT, value: wild}}
"""
QUESTIONS = [("www", "A"), ("no", "A"), ("x.w", "TXT"), ("www", "TXT"), ("x.w", "A")]
OFTEN_SECONDS, SELDOM_SECONDS = 0.005, 1.3
LONG = 300  # answers in longer than the largest TTL
KILLS = 3  # of builders, meanwhile

Signer = tuple[int, int]


class Watch:
    """Asks a resolver all the time, or now and then, and notes what was not proven.

    Once it `is_strict`, everything has to be proven; before that, nothing may be bogus. The
    `streak` is how many answers were proven one after the other.
    """

    def __init__(self, resolver: Unbound, pause: float) -> None:
        self.resolver = resolver
        self.asked = 0
        self.is_strict, self.streak = False, 0
        self.failures: list[str] = []
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join(30)

    def _work(self) -> None:
        chance = random.Random(5011)
        while not self._over.wait(self._pause):
            zone = chance.choice(ZONES)
            label, qtype = chance.choice(QUESTIONS)
            self.asked += 1
            try:
                rcode, is_proven = self.resolver.ask(f"{label}.{zone}", qtype)
            except (OSError, dns.exception.DNSException) as error:
                self.failures.append(f"{zone} {label} {qtype}: {error}")
                continue
            self.streak = self.streak + 1 if is_proven else 0
            expected = "NXDOMAIN" if label == "no" else "NOERROR"
            if rcode != expected or (self.is_strict and not is_proven):
                self.failures.append(f"{zone} {label} {qtype}: {rcode} {is_proven}")


def keys_of(server: ServerProcess, zone: str) -> tuple[set[Signer], set[Signer]]:
    """The keys that a zone has, and those that have signed its SOA: algorithms and tags."""
    sets = []
    for qtype in ("DNSKEY", "SOA"):
        query = dns.message.make_query(zone, qtype, want_dnssec=True)
        answer = dns.query.tcp(query, "127.0.0.1", 5.0, server.port).answer
        sets += [rrset for rrset in answer if rrset.rdtype != dns.rdatatype.SOA]
    keys = {(int(key.algorithm), dns.dnssec.key_id(key)) for key in sets[0]}
    return keys, {(int(each.algorithm), each.key_tag) for each in sets[2]}


def write(folder: Path, zone: str, dnssec: str) -> None:
    """A zone that is signed in some way."""
    write_zones(
        folder, **{zone.removesuffix(".").replace(".", "_"): ZONE.format(dnssec=dnssec)}
    )


def is_at_rest(folder: Path, zone: str) -> bool:
    """Whether no rollover is under way."""
    life = read_life(folder / "state", Name.parse(zone))
    return life is not None and not life.rolls


def roll(folder: Path, zone: str, *flags: str) -> None:
    """Have a key replaced, as a person does."""
    command = [sys.executable, "-m", "zoneserver", "dnssec", "roll", zone, *flags]
    command += ["--control", str(folder / "state/control.sock")]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=60)


class Killer:
    """Ends builders with kill -9 at moments that nobody has chosen."""

    def __init__(self, server: ServerProcess) -> None:
        self.kills = 0
        self._pid = server.process.pid
        self._chance = random.Random(9)

    def perhaps(self) -> None:
        """End the one that there is, now and then."""
        if self.kills < KILLS and self._chance.random() < 0.1:
            for pid in self._builders():
                os.kill(pid, signal.SIGKILL)
                self.kills += 1

    def _builders(self) -> list[int]:
        found = []
        for pid in Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split():
            with suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text().strip() == "zone-builder":
                    found.append(int(pid))
        return found


def is_over(server: ServerProcess, zone: str, before: set[Signer]) -> bool:
    """Whether the keys that are replaced are gone, with their signatures."""
    keys, signers = keys_of(server, zone)
    if len(keys) != len(before) or signers - keys:
        return False
    return len(keys & before) == (1 if zone in SPLIT else 0)


def test_rollovers(tmp_path: Path, figures: Figures) -> None:
    """Of each kind, side by side; nothing is bogus at any moment."""
    port = free_port()
    (tmp_path / "zoneserver.yaml").write_text(CONFIGURATION.format(port=port))
    for zone in ZONES:
        write(tmp_path, zone, "split" if zone in SPLIT else "whole")
    with ExitStack() as stack:
        enter = stack.enter_context
        server = enter(running(tmp_path, "--config", "zoneserver.yaml"))
        registry, parent, anchor = enter(registering(tmp_path / "registry", ZONES, server.port))
        means = anchor, parent.port
        below = dict.fromkeys(ZONES, server.port)
        often = enter(validating(tmp_path / "often", "com.", *means, below=below, port=port))
        watches = [Watch(often, OFTEN_SECONDS)]
        stack.callback(watches[0].stop)
        wait_until(lambda: all(is_at_rest(tmp_path, zone) for zone in ZONES))
        wait_until(lambda: watches[0].streak > LONG)  # no cache has unsigned zones any more
        seldom = enter(validating(tmp_path / "seldom", "com.", *means, below=below))
        watches.append(Watch(seldom, SELDOM_SECONDS))
        stack.callback(watches[1].stop)
        for watch in watches:
            watch.is_strict = True
        before = {zone: keys_of(server, zone)[0] for zone in ZONES}
        roll(tmp_path, "zsk.com.", "--zsk")
        roll(tmp_path, "ksk.com.", "--ksk")
        roll(tmp_path, "csk.com.")
        write(tmp_path, "all.com.", "{policy: whole, algorithm: ED25519}")
        server.reload()
        killer = Killer(server)

        def are_over() -> bool:
            killer.perhaps()
            return all(is_over(server, zone, before[zone]) for zone in ZONES)

        wait_until(are_over)
        for watch in watches:
            watch.stop()
        assert [] == often.bogus + seldom.bogus
        assert [] == [failure for watch in watches for failure in watch.failures]
        assert [] == registry.refused
        changed = [zone for zone, _ in registry.changes]
        assert {"zsk.com.": 1, "ksk.com.": 2, "csk.com.": 2, "all.com.": 2} == {
            zone: changed.count(zone) for zone in ZONES
        }
        asked = sum(watch.asked for watch in watches)
        assert asked > 500
        what = f"rollovers of ZSK, KSK, CSK, algorithm, {killer.kills} builders killed"
        figures.add(what, f"0 of {asked} answers bogus")
