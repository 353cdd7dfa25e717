"""A mail system of its own: our server, Unbound as resolver, Postfix as sender, two mail hosts.

    unshare --net --mount --pid --fork --kill-child --mount-proc python mail_system.py FOLDER

Everything stands on port 53 and 25 of documentation addresses (RFC 5737), which are there in
this network namespace only; the files of Postfix and the resolver of this host are covered up
in this mount namespace only. With the first process all others end. What became of each
message is printed, a JSON object a line.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dns.exception
import dns.resolver

SECONDS = 30.0  # for anything to happen
NAMESERVER, RESOLVER, MAIL, BACKUP = "192.0.2.1", "127.0.0.1", "192.0.2.25", "198.51.100.25"
ZONE = f"""\
$ttl: 300
'':
  - {{type: NS, values: [ns1.example.com., ns2.example.com.]}}
  - type: MX
    values:
      - {{preference: 10, exchange: mail.example.com.}}
      - {{preference: 20, exchange: backup.example.com.}}
mail: {{type: A, value: {MAIL}}}
backup: {{type: A, value: {BACKUP}}}
ns1: {{type: A, value: {NAMESERVER}}}
ns2: {{type: A, value: 198.51.100.1}}
"""
NO_MAIL = """\
$ttl: 300
$mail: {none: true}
'': {type: NS, values: [ns1.example.com., ns2.example.com.]}
"""
UNBOUND = f"""\
server:
  interface: {RESOLVER}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-daemonize: no
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  module-config: iterator
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
stub-zone:
  name: example.com
  stub-addr: {NAMESERVER}
stub-zone:
  name: example.net
  stub-addr: {NAMESERVER}
"""
MAIN_CF = """\
compatibility_level = 3.6
myhostname = sender.example.org
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
local_recipient_maps =
alias_maps =
smtp_tls_security_level = none
maillog_file = /var/log/postfix.log
"""
MASTER_CF = """\
pickup    unix  n - n 60   1 pickup
cleanup   unix  n - n -    0 cleanup
qmgr      unix  n - n 300  1 qmgr
rewrite   unix  - - n -    - trivial-rewrite
bounce    unix  - - n -    0 bounce
defer     unix  - - n -    0 bounce
smtp      unix  - - n -    - smtp
tlsmgr    unix  - - n 1000? 1 tlsmgr
error     unix  - - n -    - error
retry     unix  - - n -    - error
showq     unix  n - n -    - showq
postlog   unix-dgram n - n - 1 postlogd
"""
LOG = Path("/var/log/postfix.log")


def run(*words: str, text: str = "") -> None:
    """Run a command to its end. Raises CalledProcessError."""
    subprocess.run(words, input=text, text=True, check=True, timeout=SECONDS, stdout=sys.stderr)


def wait_for(what: str, holds: Callable[[], bool]) -> None:
    """Return once it holds. Raises TimeoutError."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen")
        time.sleep(0.05)


class MailSystem:
    """All of it, in a folder that everybody may enter."""

    main_cf = MAIN_CF
    resolv_conf = f"nameserver {RESOLVER}\n"
    exchangers: tuple[str, ...] = ("10 mail.example.com.", "20 backup.example.com.")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._zones = folder / "zones"
        self._log = folder / "server.log"
        self._hosts = {MAIL: folder / "mail", BACKUP: folder / "backup"}
        self._sinks: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start every part, and return when each does its work."""
        self._make_network()
        self._zones.mkdir()
        self.write_zones()
        serve = ("serve", "--zones", "zones", "--listen", f"{NAMESERVER}:53")
        options = ("--state", "state", "--workers", "1", "--allow-root")
        with self._log.open("w") as log:
            words = [sys.executable, "-m", "zoneserver", *serve, *options]
            subprocess.Popen(words, cwd=self._folder, stdout=log, stderr=log)
        (self._folder / "unbound.conf").write_text(self.configure_resolver())
        subprocess.Popen(["unbound", "-c", "unbound.conf"], cwd=self._folder)
        for host in self._hosts:
            self.start_host(host)
        self._start_postfix()
        self.wait_for_exchanges(*self.exchangers)

    def write_zones(self) -> None:
        """Write the zones that there are at first."""
        self.edit("example.com", ZONE)
        self.edit("example.net", NO_MAIL)

    def configure_resolver(self) -> str:
        """What Unbound is told."""
        return UNBOUND

    def edit(self, origin: str, text: str) -> None:
        """Save a zone file, as an editor does."""
        new = self._zones / f".{origin}.new"
        new.write_text(text)
        new.replace(self._zones / f"{origin}.yaml")

    def wait_for_log(self, text: str) -> None:
        """Return when the server has said so."""
        wait_for(text, lambda: text in self._log.read_text())

    def wait_for_exchanges(self, *expected: str) -> None:
        """Return when the resolver says so of example.com."""
        self.wait_for_answer("example.com", "MX", *expected)

    def wait_for_answer(self, qname: str, qtype: str, *expected: str) -> None:
        """Return when the resolver says so."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [RESOLVER]
        resolver.lifetime = 1

        def holds() -> bool:
            try:
                answer = resolver.resolve(qname, qtype)
            except dns.exception.DNSException:
                return False
            return sorted(rdata.to_text() for rdata in answer) == sorted(expected)

        wait_for(f"{qname} {qtype} {expected}", holds)

    def start_host(self, address: str) -> None:
        """Have a mail host take messages on port 25."""
        folder = self._hosts[address]
        folder.mkdir(exist_ok=True)
        shutil.chown(folder, "nobody")
        words = ["smtp-sink", "-u", "nobody", "-d", "%s.", f"{address}:25", "16"]
        self._sinks[address] = subprocess.Popen(words, cwd=folder)

    def stop_host(self, address: str) -> None:
        """From now on connections to it are refused."""
        self._sinks[address].send_signal(signal.SIGKILL)
        self._sinks[address].wait()

    def send(self, recipient: str) -> None:
        """Send a message, and print what became of it."""
        run("sendmail", "-f", "<>", recipient, text=f"Subject: to {recipient}\n\nHello.\n")
        self.tell(recipient)

    def tell(self, recipient: str, expected: str = r"\w+") -> None:
        """Print what became of a message, once that is as expected."""
        said = re.compile(
            rf"to=<{re.escape(recipient)}>, relay=(\S+?),.* status=({expected}) \((.*)\)"
        )
        wait_for(
            f"the delivery to {recipient}", lambda: said.search(LOG.read_text()) is not None
        )
        (relay, status, words) = said.findall(LOG.read_text())[-1]
        outcome = {"to": recipient, "relay": relay, "status": status, "words": words}
        taken_by = [host for host in self._hosts if self._has(host, recipient)]
        sys.stdout.write(json.dumps({**outcome, "taken by": taken_by}) + "\n")

    def _has(self, host: str, recipient: str) -> bool:
        texts = (path.read_text() for path in self._hosts[host].iterdir())
        return any(f"X-Rcpt-Args: <{recipient}>" in text for text in texts)

    def _make_network(self) -> None:
        run("ip", "link", "set", "lo", "up")
        for address in (NAMESERVER, MAIL, BACKUP):
            run("ip", "address", "add", f"{address}/32", "dev", "lo")
        (self._folder / "resolv.conf").write_text(self.resolv_conf)
        run("mount", "--bind", str(self._folder / "resolv.conf"), "/etc/resolv.conf")

    def _start_postfix(self) -> None:
        settings = self._folder / "postfix"
        shutil.copytree("/etc/postfix", settings)
        (settings / "main.cf").write_text(self.main_cf)
        (settings / "master.cf").write_text(MASTER_CF)
        run("mount", "--bind", str(settings), "/etc/postfix")
        for folder in ("/var/spool/postfix", "/var/lib/postfix", "/var/log"):
            run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
        shutil.chown("/var/lib/postfix", "postfix")
        try:
            run("postfix", "start")
        except subprocess.CalledProcessError as error:
            raise RuntimeError(LOG.read_text() if LOG.exists() else "no log") from error


def main(folder: Path) -> None:
    """The mail of one day."""
    system = MailSystem(folder)
    system.start()
    system.send("first@example.com")
    system.stop_host(MAIL)
    system.send("down@example.com")
    system.start_host(MAIL)
    alias = "{type: CNAME, value: backup.example.com.}"
    system.edit("example.com", ZONE.replace(f"{{type: A, value: {MAIL}}}", alias))
    system.wait_for_log("mail.example.com. is an alias of backup.example.com.")
    system.send("mistake@example.com")
    system.edit("example.com", ZONE.replace("preference: 10", "preference: 30"))
    system.wait_for_exchanges("30 mail.example.com.", "20 backup.example.com.")
    system.send("moved@example.com")
    system.send("nobody@example.net")


if __name__ == "__main__":
    os.umask(0o022)
    main(Path(sys.argv[1]))
