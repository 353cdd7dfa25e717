"""The configuration file: what it may say, and what is said about mistakes."""

from pathlib import Path

import pytest

from zoneserver.dnssec.policy import Policy
from zoneserver.errors import ConfigurationError
from zoneserver.names import Name
from zoneserver.networks import Networks
from zoneserver.service.answering.access import Access
from zoneserver.service.configuration.dnssec_settings import DnssecSettings
from zoneserver.service.configuration.read import Source, read_configuration
from zoneserver.service.configuration.settings import Settings, default_state
from zoneserver.transfer.settings import (
    CatalogSource,
    Peer,
    PeerTls,
    Rule,
    Secondary,
    Target,
    TransferSettings,
)
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.limits import TcpLimits
from zoneserver.transports.tls import TlsSettings
from zoneserver.zonefile.source import Defaults, SoaDefaults

FULL = """\
zones: data/zones
certificates: [tls, /etc/mail]
listen: ['192.0.2.1:53', '[2001:db8::1]:53']
state: /var/lib/zoneserver
nsid: 010
strict_start: true
defaults:
  ttl: 300
  ns: [ns1.example.com., ns2.example.com.]
  soa:
    mname: ns1.example.com.
    rname: jane.doe@example.com
    refresh: 1
    retry: 2
    expire: 3
    minimum: 4
acl:
  allow_query: 192.0.2.0/24
  zones: {internal.example.: {allow_query: [10.0.0.0/8]}}
limits:
  rate: 0
  slip: 3
  errors: 50
  log_only: true
  exempt: [10.0.0.0/8, '2001:db8::/32']
  tcp: {connections: 9, per_source: 8, first_octet: 7, message: 6, idle: 5, stall: 4,
        in_flight: 3, unsent: 200000}
tls: {listen: '192.0.2.1:853', certificate: tls/chain.pem, key: /etc/tls/key.pem}
proxy: {from: [192.0.2.10, '2001:db8:1::/64']}
http: {listen: [9153, '[::1]:80']}
keys: keys.yaml
transfer:
  allow:
    - {from: 192.0.2.0/24, key: ns2.example.com., zones: [example.com., example.org.]}
    - {from: '::1'}
    - {key: ns3.example.com.}
  notify: [{to: [192.0.2.53, '[2001:db8::1]:5353'], key: ns2.example.com., zones: example.com.}]
  notify_ns: true
  catalog: catalog.example.com.
  catalog_groups: {gold: example.com., dull: [example.org., example.net.]}
  sessions: 2
  seconds: 60
  stall: 5
  journal_megabytes: 1
secondary:
  zones:
    example.org.: {from: ['2001:db8::1', '192.0.2.1:5353'], key: ns1.example.org.}
    example.net.: {from: 192.0.2.2, tls: {name: ns1.example.net, ca: ca.pem}}
  catalogs:
    catalog.example.net.:
      from: 192.0.2.3
      members: {from: 192.0.2.4}
      groups: {gold: {from: 192.0.2.5, tls: {name: a, certificate: a.pem, key: /a.key}}}
  most_megabytes: 2
dnssec:
  resolver: [192.0.2.53, '[2001:db8::1]:5353']
  policies:
    plain: {}
    banks: {algorithm: ed25519, keys: split, nsec3: true, opt_out: true, zsk_lifetime: 9000,
            ksk_lifetime: 90000, key_ttl: 300, propagation: 60, ds_ttl: 7200}
"""


def read(folder: Path, text: str) -> Settings:
    """The settings of a file with this text."""
    path = folder / "zoneserver.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return read_configuration(Source(path, {}))


def test_everything(tmp_path: Path) -> None:
    """Each key has its type; a path is relative to the file."""
    ns1, ns2 = Name.parse("ns1.example.com."), Name.parse("ns2.example.com.")

    assert read(tmp_path, FULL) == Settings(
        zones=tmp_path / "data/zones",
        listen=(Endpoint("192.0.2.1", 53), Endpoint("2001:db8::1", 53)),
        state=Path("/var/lib/zoneserver"),
        nsid=b"010",
        strict_start=True,
        defaults=Defaults(
            300,
            (ns1, ns2),
            SoaDefaults(ns1, Name.parse(r"jane\.doe.example.com."), 1, 2, 3, 4),
            (str(tmp_path / "tls"), "/etc/mail"),
        ),
        access=Access(
            Networks.parse(["192.0.2.0/24"]),
            ((Name.parse("internal.example."), Networks.parse(["10.0.0.0/8"])),),
        ),
        rate_limits=RateLimits(
            rate=0,
            slip=3,
            errors=50,
            log_only=True,
            exempt=Networks.parse(["10.0.0.0/8", "2001:db8::/32"]),
        ),
        tcp_limits=TcpLimits(9, 8, 7, 6, 5, 4, 3, 200_000),
        tls=TlsSettings(
            (Endpoint("192.0.2.1", 853),), tmp_path / "tls/chain.pem", Path("/etc/tls/key.pem")
        ),
        proxies=Networks.parse(["192.0.2.10", "2001:db8:1::/64"]),
        http=(Endpoint("127.0.0.1", 9153), Endpoint("::1", 80)),
        keys=tmp_path / "keys.yaml",
        transfers=_full_transfers(tmp_path),
        dnssec=DnssecSettings(
            (Endpoint("192.0.2.53", 53), Endpoint("2001:db8::1", 5353)),
            (
                ("plain", Policy()),
                (
                    "banks",
                    Policy(
                        algorithm=15,
                        is_split=True,
                        nsec3=True,
                        opt_out=True,
                        zsk_lifetime=9000,
                        ksk_lifetime=90_000,
                        key_ttl=300,
                        propagation=60,
                        ds_ttl=7200,
                    ),
                ),
            ),
        ),
    )


def _full_transfers(folder: Path) -> TransferSettings:
    """Those of FULL, whose keys nobody has read."""
    com, org, net = (Name.parse(f"example.{each}.") for each in ("com", "org", "net"))
    ns2, tls = Name.parse("ns2.example.com."), PeerTls("ns1.example.net", folder / "ca.pem")
    gold = PeerTls("a", None, folder / "a.pem", Path("/a.key"))
    notified = (Endpoint("192.0.2.53", 53), Endpoint("2001:db8::1", 5353))
    sources = (Endpoint("2001:db8::1", 53), Endpoint("192.0.2.1", 5353))
    ns1 = Name.parse("ns1.example.org.")
    return TransferSettings(
        allow=(
            Rule(Networks.parse(["192.0.2.0/24"]), ns2, frozenset({com, org})),
            Rule(Networks.parse(["::1"])),
            Rule(key=Name.parse("ns3.example.com.")),
        ),
        notify=tuple(Target(Peer(each, ns2), frozenset({com})) for each in notified),
        notify_ns=True,
        catalog=Name.parse("catalog.example.com."),
        catalog_groups=(("gold", frozenset({com})), ("dull", frozenset({org, net}))),
        sessions=2,
        seconds=60,
        stall=5,
        journal_octets=1 << 20,
        secondaries=(
            Secondary(org, tuple(Peer(each, ns1) for each in sources)),
            Secondary(net, (Peer(Endpoint("192.0.2.2", 853), tls=tls),)),
        ),
        catalogs=(
            CatalogSource(
                Name.parse("catalog.example.net."),
                (Peer(Endpoint("192.0.2.3", 53)),),
                (Peer(Endpoint("192.0.2.4", 53)),),
                (("gold", (Peer(Endpoint("192.0.2.5", 853), tls=gold),)),),
            ),
        ),
        most_octets=2 << 20,
    )


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n", "{}\n", "\ufeff{}\n"])
def test_empty_file_leaves_the_defaults(tmp_path: Path, text: str) -> None:
    """Every key is optional."""
    assert read(tmp_path, text) == Settings(zones=tmp_path / "zones")


def test_single_values_stand_for_lists(tmp_path: Path) -> None:
    """One address needs no brackets."""
    settings = read(tmp_path, "listen: 127.0.0.1:53\ndefaults: {ns: ns1.example.com.}\n")

    assert settings.listen == (Endpoint("127.0.0.1", 53),)
    assert settings.defaults.ns == (Name.parse("ns1.example.com."),)


def test_mailbox_in_the_form_of_the_dns(tmp_path: Path) -> None:
    """A name without @ is taken as it is."""
    settings = read(tmp_path, r"defaults: {soa: {rname: jane\.doe.example.com.}}")

    assert settings.defaults.soa.rname == Name.parse(r"jane\.doe.example.com.")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("listne: x", "1:1", "unknown key 'listne': did you mean 'listen'"),
        ("xyzzy: x", "1:1", "unknown key 'xyzzy': there are zones, listen"),
        ("defaults:\n  soa: {expir: 3}", "2:9", "did you mean 'expire'"),
        ("defaults: {tttl: 3}", "1:12", "did you mean 'ttl'"),
        ("nsid: a\nnsid: b", "2:1", "stands twice; the first is in line 1"),
        ("nsid:", "1:6", "no value"),
        ("nsid: ~", "1:7", "no value"),
        ("nsid: [a]", "1:7", "one text is due"),
        (f"nsid: {'x' * 129}", "1:7", "128 is the most"),
        ("zones: {a: b}", "1:8", "one text is due"),
        ("strict_start: yes", "1:15", "true or false"),
        ("listen: {a: b}", "1:9", "a list is due"),
        ("listen:\n- 127.0.0.1:53\n- x", "3:3", "ADDRESS:PORT"),
        ("defaults: 3", "1:11", "a mapping is due"),
        ("- a", "1:1", "the file: a mapping is due"),
        ("text", "1:1", "a mapping is due"),
        ("defaults: {ttl: 1h}", "1:17", "no plain decimal"),
        ("defaults: {ttl: 010}", "1:17", "no plain decimal"),
        ("defaults: {ttl: 1_000}", "1:17", "no plain decimal"),
        ("defaults: {ttl: -1}", "1:17", "no plain decimal"),
        ("defaults: {ttl: 2147483648}", "1:17", "less than or equal to 2147483647"),
        ("defaults: {ns: ns1}", "1:16", "final dot"),
        ("defaults: {ns: [a., b..c.]}", "1:21", "a label is empty"),
        ("defaults: {soa: {rname: '@example.com'}}", "1:25", "no mailbox"),
        ("defaults: {soa: {mname: [a.]}}", "1:25", "one text is due"),
        ("acl: {zones: {a: {allow_query: x}}}", "1:18", "acl.zones.a: a has no final dot"),
        ("acl: {zones: [a]}", "1:14", "a mapping is due"),
        ("acl: {zones: {a.: {}}}", "1:19", "acl.zones.a..allow_query: Field required"),
        ("acl: {zones: {a.: {allow: x}}}", "1:20", "did you mean 'allow_query'"),
        ("limits: {exempt: 192.0.2.1/24}", "1:18", "did you mean 192.0.2.0/24?"),
        ("limits: {exempt: {a: b}}", "1:18", "a list is due"),
        ("limits: {exempt: [[a]]}", "1:18", "one text is due"),
        ("limits: {rate: 1000000001}", "1:16", "less than or equal to 1000000000"),
        ("limits: {tcp: {idle: 0}}", "1:22", "greater than or equal to 1"),
        ("limits: {tcp: {unsent: 65535}}", "1:24", "greater than or equal to 131072"),
        ("tls: {listen: '[::1]:853'}", "1:6", "tls: certificate and key must be set, too"),
        ("tls: {certificate: a, key: b}", "1:6", "tls: listen must be set, too"),
        (
            "tls: {certificat: a}",
            "1:7",
            "unknown key 'certificat': did you mean 'certificate'?",
        ),
        ("proxy: {sources: []}", "1:9", "unknown key 'sources': there are from"),
        ("proxy: {from: [192.0.2.1/24]}", "1:15", "did you mean 192.0.2.0/24?"),
        ("http: {listen: localhost:80}", "1:16", "write ADDRESS:PORT"),
        ("http: {listen: 99999}", "1:16", "65535 is the last port"),
        ("http: {port: 80}", "1:8", "unknown key 'port'"),
        ("transfer: {allow: [{zones: a.}]}", "1:20", "say who: `from`, `key`, or both"),
        ("transfer: {allow: [{form: 192.0.2.1}]}", "1:21", "did you mean 'from'?"),
        ("transfer: {allow: [{from: x}]}", "1:27", "write ADDRESS/BITS"),
        ("transfer: {allow: {from: 192.0.2.1}}", "1:19", "a list is due here"),
        ("transfer: {notify: [{key: a.}]}", "1:21", "to: Field required"),
        ("transfer: {notify: [{to: ns2}]}", "1:26", "write ADDRESS or ADDRESS:PORT"),
        ("transfer: {notify: [{to: '::1:99999'}]}", "1:26", "is no server"),
        ("transfer: {sessions: 0}", "1:22", "greater than or equal to 1"),
        ("dnssec: {resolver: localhost}", "1:20", "is no server"),
        ("dnssec: {policies: {yes: {}}}", "1:26", "no name for a policy"),
        ("dnssec: {policies: {a b: {}}}", "1:26", "no name for a policy"),
        ("dnssec: {policies: {a: {algorithm: md5}}}", "1:36", "write one of RSASHA256"),
        ("dnssec: {policies: {a: {keys: both}}}", "1:31", "'csk' or 'split'"),
        ("dnssec: {policies: {a: {opt_out: true}}}", "1:24", "nsec3, which is not asked for"),
        ("dnssec: {policies: {a: {zsk_lifetime: 9}}}", "1:24", "there is no ZSK"),
        ("dnssec: {policies: {a: {ksk_lifetime: 7200}}}", "1:24", "write more than 7200"),
        ("dnssec: {policies: {a: {key_ttls: 3}}}", "1:25", "did you mean 'key_ttl'?"),
        ("secondary: {zones: {a.: {key: b.}}}", "1:25", "from: Field required"),
        ("secondary: {zones: {a.: {from: []}}}", "1:32", "at least 1 item"),
        (
            "secondary: {zones: {a.: {from: 192.0.2.1, tls: {ca: x}}}}",
            "1:48",
            "name: Field required",
        ),
        (
            "secondary: {zones: {a.: {from: 192.0.2.1}}, catalogs: {A.: {from: 192.0.2.1}}}",
            "1:12",
            "secondary: a. stands in zones and in catalogs",
        ),
        (
            "secondary: {zones: {a.: {from: 192.0.2.1, tls: {name: x, key: y}}}}",
            "1:48",
            "certificate and key are set together",
        ),
        (
            "secondary: {catalogs: {a.: {from: 192.0.2.1, member: x}}}",
            "1:46",
            "mean 'members'?",
        ),
        ("nsid: !include other.yaml", "1:7", "neither aliases nor tags"),
        ("state: &a x\nnsid: *a", "1:8", "neither aliases nor tags"),
        ("? [a]\n: b", "1:3", "a key is one word"),
        ("a: 1\n---\nb: 2", "2:1", "expected a single document"),
        ("a: [", "", ""),
        ("\t- a", "", ""),
        ("a: b\nc: \udcff", "2:1", "UTF-8"),
        ("a: \0", "1:1", "no YAML"),
        ("[" * 5000, "", ""),
    ],
)
def test_mistakes_are_told_with_their_place(
    tmp_path: Path, text: str, place: str, words: str
) -> None:
    """File, line and column, then what is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)

    assert f"zoneserver.yaml:{place}" in str(caught.value)
    assert words in str(caught.value)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """In the order of the file."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, "nsidd: x\nlisten: y\ndefaults: {ttl: z}\n")

    lines = str(caught.value).splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "2", "3"]


@pytest.mark.parametrize("path", ["nosuch.yaml", "."])
def test_file_that_cannot_be_read(tmp_path: Path, path: str) -> None:
    """One line that names it."""
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_configuration(Source(tmp_path / path, {}))


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"STATE_DIRECTORY": "/s:/t", "XDG_STATE_HOME": "/x", "HOME": "/h"}, "/s"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/zoneserver"),
        ({"HOME": "/h"}, "/h/.local/state/zoneserver"),
        ({"STATE_DIRECTORY": "", "HOME": "/h"}, "/h/.local/state/zoneserver"),
    ],
)
def test_default_state(environment: dict[str, str], folder: str) -> None:
    """What systemd says, what XDG says, what is usual."""
    assert default_state(environment) == Path(folder)


def test_no_home_no_state() -> None:
    """Then serials are kept in memory."""
    assert default_state({}) is None
