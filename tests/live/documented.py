"""Two machines, set up as docs/transfers.md says: a primary, and a secondary of its zones.

    unshare --net --mount --pid --fork --kill-child --mount-proc python documented.py PLACE NAME

NAME is a heading of the page: that of a secondary of ours, such as `Knot DNS, with a catalog`,
or of a primary, such as `From BIND`. The configuration is read out of the page, and holds word
for word, for each machine has its network, with the addresses of the page, and its files: /etc
is a copy, /var/lib and the like are empty. With the first process all others end. What was
seen is printed as a JSON object.
"""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.xfr
import dns.zone

PAGE = Path(__file__).parents[2] / "docs/transfers.md"
SECONDS = 40.0  # for anything to happen
PRIMARY, SECONDARY = "192.0.2.1", "198.51.100.1"
NETWORK = """
ip link set lo up
ip link add primary type veth peer name secondary
ip link set secondary netns "$1"
ip address add 192.0.2.1/32 dev primary
ip link set primary up
ip route add 198.51.100.1 dev primary src 192.0.2.1
nsenter --target "$1" --net sh -ec '
ip link set lo up
ip address add 198.51.100.1/32 dev secondary
ip link set secondary up
ip route add 192.0.2.1 dev secondary src 198.51.100.1
'
"""
# The folders that packages and service managers make, for whom they make them.
FILES = """
mount --make-rprivate /
cp -a /etc "$1"
mount --bind "$1" /etc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/cache
mount -t tmpfs tmpfs /var/lib
mkdir -p /etc/zoneserver/zones /run/zoneserver
for owner in nsd knot pdns bind; do
    if id "$owner" >/dev/null 2>&1; then
        for folder in /run/$owner /var/lib/$owner /var/cache/$owner; do
            mkdir "$folder"
            chown "$owner:" "$folder"
        done
    fi
done
mkdir /run/named /var/lib/powerdns
touch /var/lib/powerdns/supermaster.conf
if id bind >/dev/null 2>&1; then chown bind: /run/named; fi
"""
ZONESERVER = (sys.executable, "-m", "zoneserver")
SERVE = (*ZONESERVER, "serve", "--allow-root", "--workers", "1")
CONFIG = "/etc/zoneserver/zoneserver.yaml"
# As its unit in Debian has it; the others become users of their own by themselves.
AS_PDNS = (
    *("setpriv", "--reuid=pdns", "--regid=pdns", "--init-groups"),
    *("--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service"),
)
COMMANDS = {
    "NSD": ("nsd", "-d", "-P", ""),
    "Knot DNS": ("knotd",),
    "BIND": ("named", "-f", "-u", "bind"),
    "PowerDNS": (*AS_PDNS, "pdns_server", "--guardian=no", "--daemon=no", "--write-pid=no"),
    "zoneserver": (*SERVE, "--config", CONFIG),
}
BLOCK = r":\n\n```\w*\n(.*?)```"
NAMED = re.compile(rf"`(/etc/[^`]+)` on the (primary|secondary)[^\n]*{BLOCK}", re.DOTALL)
ADDED = re.compile(rf"Add to `[^\n]* on the primary{BLOCK}", re.DOTALL)
ZONES = {
    "NSD": "/etc/nsd/example.com.zone",
    "Knot DNS": "/etc/knot/example.com.zone",
    "BIND": "/etc/bind/example.com.zone",
    "PowerDNS": "/etc/powerdns/example.com.zone",
}
MASTER_FILE = """\
$TTL 3600
@ IN SOA ns2.example.com. hostmaster.example.com. {serial} 7200 1800 1209600 3600
@ IN NS ns2
@ IN NS ns3
@ IN MX 10 mail
ns2 IN A 198.51.100.1
ns3 IN A 203.0.113.1
mail IN A 192.0.2.25
"""
OTHER_ZONE = """\
$ttl: 300
'':
  - {type: NS, values: [ns2.example.com., ns3.example.com.]}
  - {type: MX, value: {preference: 10, exchange: mail.example.com.}}
"""


def run(*words: str) -> str:
    """Run a command to its end: what it printed. Raises CalledProcessError."""
    done = subprocess.run(words, check=False, timeout=SECONDS, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
    return done.stdout


class Page:
    """The page, by its headings."""

    def __init__(self) -> None:
        parts = re.split(r"^#{2,4} (.*)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
        self._parts = dict(zip(parts[1::2], parts[2::2], strict=True))

    def files(self, heading: str, machine: str) -> dict[str, str]:
        """The files of one machine below a heading, each with what is to be in it."""
        found = NAMED.findall(self._parts[heading])
        return {path: text for path, whose, text in found if whose == machine}

    def added(self, heading: str) -> str:
        """What is to be added to the configuration of the primary."""
        (text,) = ADDED.findall(self._parts[heading])
        return str(text)

    def commands(self, heading: str) -> list[str]:
        """What is to be typed."""
        return re.findall(r"```sh\n(.*?)```", self._parts[heading], re.DOTALL)


class Machines:
    """Both, with the other server that a heading of the page describes."""

    def __init__(self, folder: Path, heading: str) -> None:
        self._folder, self._heading, self._page = folder, heading, Page()
        self._is_ours = not heading.startswith("From ")  # the primary
        kind = re.split(r" over |, ", heading.removeprefix("From "))[0]
        self._kinds = ("zoneserver", kind) if self._is_ours else (kind, "zoneserver")
        self.has_catalog = "catalog" in heading
        self._is_encrypted = "TLS" in heading
        self._other = subprocess.Popen(["unshare", "--net", "--mount", "sleep", "600"])
        self._enter = ("nsenter", "--target", str(self._other.pid), "--net", "--mount")
        self._primary: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start both, and return when the secondary has the zone."""
        pid = str(self._other.pid)
        ours, theirs = Path("/proc/self/ns/net"), Path(f"/proc/{pid}/ns/net")
        wait_for("a namespace", lambda: ours.readlink() != theirs.readlink())
        run("sh", "-ec", NETWORK, "sh", pid)
        run("sh", "-ec", FILES, "sh", str(self._folder / "primary"))
        run(*self._enter, "sh", "-ec", FILES, "sh", str(self._folder / "secondary"))
        primary, secondary = self._kinds
        if self._is_ours:
            self._write_ours()
        else:
            self._write("primary", self._heading)
            zone = Path(ZONES[primary])
            zone.write_text(MASTER_FILE.format(serial=1))
        self._primary = self._start("primary", COMMANDS[primary])
        wait_for("the primary", lambda: serial(PRIMARY) > 0)
        headings = (secondary, self._heading) if self._is_ours else (secondary,)
        self._write("secondary", *dict.fromkeys(headings))
        self._start("secondary", (*self._enter, *COMMANDS[secondary]))
        self.wait_until_current()

    def edit(self) -> None:
        """Give the mail host another preference."""
        if self._is_ours:
            old = Path("/etc/zoneserver/zones/example.com.yaml").read_text()
            self.save("example.com", old.replace("preference: 10", "preference: 20"))
            return
        kind, _ = self._kinds
        text = MASTER_FILE.format(serial=2).replace("MX 10", "MX 20")
        Path(ZONES[kind]).write_text(text)
        if kind == "PowerDNS":
            for command in ("bind-reload-now", "notify"):
                run("pdns_control", command, "example.com")
        elif self._primary is not None:
            self._primary.send_signal(signal.SIGHUP)

    def save(self, origin: str, text: str) -> None:
        """Save a zone file of ours, as an editor does."""
        path = Path(f"/etc/zoneserver/zones/{origin}.yaml")
        new = path.with_name(f".{origin}.new")
        new.write_text(text)
        new.replace(path)

    def wait_until_current(self, origin: str = "example.com", above: int = 0) -> float:
        """Return when both have one version, beyond a serial: how many seconds it took."""

        def holds() -> bool:
            return above < serial(PRIMARY, origin) == serial(SECONDARY, origin)

        return wait_for(f"{origin} on the secondary", holds)

    def _write_ours(self) -> None:
        """What the page has for a primary of ours."""
        self._write("primary", "1. A key", "2. The primary")
        more = ""
        if self.has_catalog:
            more += self._page.added("Catalog zones")
        if self._is_encrypted:
            more += self._page.added("Transfers over TLS")
            from tests.certificates import make_pair  # noqa: PLC0415 - it takes a second

            make_pair().write(Path("/etc/zoneserver"))
        with Path(CONFIG).open("a") as file:
            file.write(more)

    def _write(self, machine: str, *headings: str) -> None:
        """What the page has below some headings: files, and commands of those."""
        etc, files = self._folder / machine, dict[str, str]()
        for heading in headings:
            files |= self._page.files(heading, machine)
        for path, text in files.items():
            target = etc / Path(path).relative_to("/etc")
            target.write_text(text)
            target.chmod(0o600 if "keys" in path else 0o644)
        if machine == "secondary" and self._is_encrypted:
            certificate = Path("/etc/zoneserver/fullchain.pem").read_text()
            (etc / "ssl/certs/ca-certificates.crt").write_text(certificate)
        for heading in headings:
            for commands in self._page.commands(heading) if heading != "1. A key" else ():
                enter = self._enter if machine == "secondary" else ()
                run(*enter, "sh", "-ec", commands)

    def _start(self, machine: str, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{machine}.log").open("w") as log:
            return subprocess.Popen(command, cwd="/etc/zoneserver", stdout=log, stderr=log)


def wait_for(what: str, holds: Callable[[], bool]) -> float:
    """Return once it holds: after how many seconds. Raises TimeoutError."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() > begin + SECONDS:
            raise TimeoutError(f"{what} did not happen")
        time.sleep(0.02)
    return time.monotonic() - begin


def ask(server: str, origin: str, rtype: str) -> dns.message.Message | None:
    """What a server answers, if it does."""
    query = dns.message.make_query(origin, rtype)
    try:
        return dns.query.udp(query, server, timeout=1)
    except (OSError, dns.exception.Timeout):
        return None


def serial(server: str, origin: str = "example.com") -> int:
    """The serial of a zone there; 0: it has no such zone."""
    answer = ask(server, origin, "SOA")
    return int(answer.answer[0][0].serial) if answer and answer.answer else 0


def records(server: str) -> list[str]:
    """Some of the zone, as a server has it."""
    answers = [ask(server, "example.com", each) for each in ("SOA", "NS", "MX")]
    return sorted(
        f"{rrset.name} {rrset.ttl} {rdata}"
        for answer in answers
        if answer
        for rrset in answer.answer
        for rdata in rrset
    )


def may_take(server: str) -> str:
    """What is said to somebody who wants the zone, and has no key."""
    zone = dns.zone.Zone("example.com")
    try:
        dns.query.inbound_xfr(server, zone, timeout=5)
    except dns.xfr.TransferError as error:
        return dns.rcode.to_text(error.rcode)
    except (OSError, EOFError, dns.exception.DNSException) as error:
        return type(error).__name__
    return "all of it"


def main() -> None:
    """Set it all up, look, edit, and look again."""
    machines = Machines(Path(sys.argv[1]), sys.argv[2])
    machines.start()
    seen: dict[str, object] = {"stranger": may_take(PRIMARY)}
    if sys.argv[2] == "NSD":  # as step 4 has it
        status = (*ZONESERVER, "status", "--config", CONFIG)
        words = "secondaries 1 of 1 have what is served"
        wait_for(words, lambda: words in " ".join(run(*status).split()))
    before = serial(PRIMARY)
    machines.edit()
    seen["seconds"] = machines.wait_until_current(above=before)
    seen["same"] = records(PRIMARY) == records(SECONDARY)
    seen["mx"] = [each for each in records(SECONDARY) if " mail." in each]
    if machines.has_catalog:
        machines.save("example.net", OTHER_ZONE)
        machines.wait_until_current("example.net", above=1)
        Path("/etc/zoneserver/zones/example.net.yaml").unlink()
        run(*ZONESERVER, "reload", "--force", "--wait", "--config", CONFIG)
        wait_for("the end of the member", lambda: serial(SECONDARY, "example.net") == 0)
        seen["members"] = "came and went"
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main()
