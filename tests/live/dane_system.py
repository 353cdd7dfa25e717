"""The same mail system with TLS: a signed zone, a resolver that validates, DANE required.

    unshare --net --mount --pid --fork --kill-child --mount-proc python dane_system.py FOLDER

The TLSA records are made from the file of a certificate in the zones folder.
"""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.certificates import Pair, make_pair
from tests.live.mail_system import (
    LOG,
    MAIL,
    MAIN_CF,
    NAMESERVER,
    RESOLVER,
    UNBOUND,
    MailSystem,
    run,
)

ZONE = f"""\
$ttl: 300
$dnssec: true
$mail: {{exchanger: mail.example.com.}}
$tlsa:
  host: mail.example.com.
  certificate: tls/mail.pem
'': {{type: NS, values: [ns1.example.com., ns2.example.com.]}}
mail: {{type: A, value: {MAIL}}}
ns1: {{type: A, value: {NAMESERVER}}}
ns2: {{type: A, value: 198.51.100.1}}
"""
DANE = """\
smtp_dns_support_level = dnssec
smtp_tls_security_level = dane-only
smtp_tls_loglevel = 1
dnssec_probe =
# Postfix remembers the keys of a host for as long as their TTL says, and that a host failed.
max_use = 1
default_destination_concurrency_failed_cohort_limit = 0
"""


class DaneSystem(MailSystem):
    """One mail host, which shows a certificate; mail to it goes over TLS or not at all."""

    main_cf = MAIN_CF.replace("smtp_tls_security_level = none\n", DANE)
    resolv_conf = f"nameserver {RESOLVER}\noptions edns0 trust-ad\n"
    exchangers = ("10 mail.example.com.",)

    def write_zones(self) -> None:
        """Write the zone, with the certificate that its host will show."""
        pair = make_pair(name="mail.example.com")
        self.publish("mail.pem", pair.certificate)
        self.show(pair)
        self.edit("example.com", ZONE)

    def configure_resolver(self) -> str:
        """Unbound validates, with the key that the server has made as its anchor."""
        words = [sys.executable, "-m", "zoneserver", "dnssec", "ds", "example.com."]
        self.wait_for_log("ready")
        done = subprocess.run(
            [*words, "--state", "state"], cwd=self._folder, stdout=subprocess.PIPE, check=True
        )
        anchor = next(line for line in done.stdout.decode().splitlines() if " DS " in line)
        validating = f'module-config: "validator iterator"\n  trust-anchor: "{anchor}"'
        return UNBOUND.replace("module-config: iterator", validating)

    def start_host(self, address: str) -> None:
        """Have the mail host take messages over TLS."""
        folder = self._hosts[address]
        folder.mkdir(exist_ok=True)
        if address != MAIL:
            return  # no MX names it
        script = str(Path(__file__).with_name("smtp_tls_sink.py"))
        files = (str(self._folder / name) for name in ("fullchain.pem", "privkey.pem"))
        words = [sys.executable, script, address, *files]
        self._sinks[address] = subprocess.Popen(words, cwd=folder)

    def show(self, pair: Pair) -> None:
        """From now on the mail host shows this certificate."""
        pair.write(self._folder)

    def publish(self, name: str, octets: bytes) -> None:
        """Put a certificate where the zone names it, as a deploy hook does."""
        folder = self._zones / "tls"
        folder.mkdir(exist_ok=True)
        (folder / f".{name}").write_bytes(octets)
        (folder / f".{name}").replace(folder / name)

    def wait_for_keys(self, *pairs: Pair) -> None:
        """Return when the resolver has the TLSA of these certificates."""
        expected = (f"3 1 1 {digest(each)}" for each in pairs)
        self.wait_for_answer("_25._tcp.mail.example.com", "TLSA", *expected)


def digest(pair: Pair) -> str:
    """The SHA-256 of the public key of a certificate."""
    key = x509.load_pem_x509_certificate(pair.certificate).public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def main(folder: Path) -> None:
    """The mail of three certificates."""
    system = DaneSystem(folder)
    system.start()
    system.send("first@example.com")
    system.publish("mail.pem", b"half a file")
    system.wait_for_log("`tls/mail.pem` holds no certificate")
    system.send("mistake@example.com")

    second, third = make_pair(name="mail.example.com"), make_pair(name="mail.example.com")
    system.show(second)
    system.send("swapped@example.com")
    system.publish("mail.pem", second.certificate)
    system.wait_for_keys(second)
    system.send("published@example.com")
    run("postqueue", "-f")
    system.tell("swapped@example.com", "sent")

    system.publish("next.pem", third.certificate)
    system.edit("example.com", ZONE.replace("mail.pem\n", "mail.pem\n  next: tls/next.pem\n"))
    system.wait_for_keys(second, third)
    system.show(third)
    system.send("rolled@example.com")
    shutil.copy(LOG, folder / "postfix.log")


if __name__ == "__main__":
    os.umask(0o022)
    main(Path(sys.argv[1]))
