"""Zone files that went wrong in ten thousand ways: findings, and nothing but findings."""

import ipaddress
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import dns.name
import dns.rdatatype
import idna
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.unit.zonefile.keys import CERTIFICATE
from tests.unit.zonefile.yaml_sources import ORIGIN, read
from zoneserver.records import rtypes
from zoneserver.zonefile import events
from zoneserver.zonefile.source import ZoneSource

MUTANTS = examples(10_000)
SEED = 20260101
# They take a millisecond or two each; a busy machine may take longer.
CPU_SECONDS = 1.0

INCLUDES = {
    "shared/mx.yaml": "{type: MX, value: {exchange: mx.example.net., preference: 5}}",
    "mail.pem": CERTIFICATE,
}
GOOD = [
    r"""---
'':
  - type: NS
    values: [ns1.example.com., ns2.example.net.]
  - type: MX
    ttl: 3600
    values:
      - exchange: mail.example.com.
        preference: 10
      - {value: backup.example.net., priority: 20}
  - {type: TXT, value: 'v=spf1 mx -all'}
  - type: CAA
    values:
      - {tag: issue, value: ca.example.net}
mail: {type: A, values: [192.0.2.25, 192.0.2.26]}
www:
  - {type: A, value: 192.0.2.80}
  - {type: AAAA, value: 2001:db8::80}
'*.x': {type: CNAME, value: www.example.com.}
sel._domainkey: {type: TXT, value: '"v=DKIM1\; k=rsa\; p=AAAA" "BBBB"'}
""",
    """$ttl: 1h
$soa: {rname: host.master@example.com, serial: auto, refresh: 2h, ttl: 300}
$allow: [{rule: MX005, owner: mail, reason: six, until: 2026-12-31}]
$tlsa: [{host: mail.example.com., certificate: mail.pem, port: [25, 465], protocol: tcp}]
$mail: {exchangers: [mail.example.com., mx.example.net.], certificate: mail.pem, ttl: 60}
base: &base
  type: A
  ttl: 300
  values: [192.0.2.1, 192.0.2.2]
b: {<<: *base, ttl: 60}
c: !include shared/mx.yaml
d: [*base, {type: TXT, value: text, octodns: {lenient: true}}]
gone: {type: A, value: 192.0.2.9, octodns: {ignored: true}}
67: {type: PTR, value: host.example.com.}
""",
    """_imap._tcp: {type: SRV, value: {priority: 0, weight: 1, port: 143, target: a.example.}}
_25._tcp.mail:
  type: TLSA
  value: {certificate_usage: 3, selector: 1, matching_type: 0,
    certificate_association_data: e3b0c44298fc1c149afbf4c8996fb92427ae41e464}
web: {type: HTTPS, value: {svcpriority: 1, targetname: ., svcparams: {alpn: [h2], port: 443}}}
loc: {type: LOC, value: {lat_degrees: 31, lat_minutes: 58, lat_seconds: 52.1, lat_direction: S,
  long_degrees: 115, long_minutes: 49, long_seconds: 11.7, long_direction: E,
  altitude: 20, size: 10, precision_horz: 10, precision_vert: 2}}
any: {type: TYPE65280, value: '\\# 4 0a000001'}
""",
]
PIECES = [
    *(b"*", b"&a ", b"*a", b"<<: ", b": ", b"\n", b"  ", b"\t", b"- ", b"[", b"]", b"{", b"}"),
    *(b"'", b'"', b"!include ", b"!!str ", b"~", b"010", b"1:30", b"\\", b"\\;", b"\xff"),
    *(b"\x00", b"\r", b"#", b"|", b">", b"...\n", b"---\n", b"%", b"@", b"`", b"null", b"."),
    *(b"..", b"x" * 70, b"\xc3\xbc", b"\xe2\x80\xa8", b'"\\ud800"', b"9" * 20, b"1\xc5\xbf"),
    *(b"\\# 4 00000000", b"type", b"value", b"values", b"$soa", b"\xef\xbb\xbf", b"\xd9\xa1"),
]


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Good zone files with some octets put in, taken out, replaced or doubled."""
    dice = random.Random(seed)
    for _ in range(count):
        octets = bytearray(dice.choice(GOOD).encode())
        for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
            at = dice.randrange(len(octets) + 1)
            match dice.randrange(6):
                case 0:
                    octets[at:at] = dice.choice(PIECES)
                case 1:
                    del octets[at : at + dice.randrange(1, 12)]
                case 2:
                    octets[at : at + 1] = bytes((dice.randrange(256),))
                case 3:
                    start = dice.randrange(len(octets) + 1)
                    octets[at:at] = octets[start : start + dice.randrange(1, 60)]
                case 4:
                    octets[at : at + dice.randrange(1, 6)] = dice.choice(PIECES)
                case _:
                    del octets[at : at + dice.choice((1, 1, 1, 40, 4000))]
        yield bytes(octets)


def check(source: ZoneSource) -> None:
    """What holds for every source, whatever was read."""
    assert any(record.rtype == rtypes.SOA for record in source.records)
    for record in source.records:
        assert record.owner.is_below(ORIGIN)
        assert 0 <= record.ttl <= 2147483647
        assert len(record.rdata.wire) <= 65535
        assert min(record.mark[1:]) > 0
    for finding in source.findings:
        assert min(finding.mark[1:]) > 0
        assert finding.reason.isprintable()
        assert finding.fix


def test_mutants() -> None:
    """Acceptance 58: no exception, no long wait; and what is accepted means what YAML says."""
    loader = text_loader(yaml.CSafeLoader)
    accepted = 0
    for octets in mutants(MUTANTS, SEED):
        start = time.process_time()
        source = read(octets, INCLUDES)
        spent = time.process_time() - start
        assert spent < CPU_SECONDS, octets
        check(source)
        if not any(finding.blocks for finding in source.findings):
            accepted += 1
            assert served(source) == expected(octets, loader), octets
    # Some mistakes are none; most are.
    assert MUTANTS / 50 < accepted < MUTANTS / 2


def test_mutants_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML's own scanner leads to the same records, and to no exception either."""
    loader = text_loader(yaml.SafeLoader)
    for octets in mutants(MUTANTS // 20, SEED + 1):
        with monkeypatch.context() as patch:
            patch.setattr(events, "_LOADER", yaml.Loader)
            source = read(octets, INCLUDES)
        check(source)
        if not any(finding.blocks for finding in source.findings):
            assert served(source) == expected(octets, loader), octets


Plain = tuple[bytes, int, bytes]

# Types whose rdata a few lines can make; of the others only the number is compared.
NAMES = {rtypes.NS, rtypes.CNAME, rtypes.PTR}
PLAIN = {rtypes.A, rtypes.AAAA, rtypes.MX, *NAMES}


def served(source: ZoneSource) -> Counter[Plain]:
    """Owner, type and rdata in octets, for each record but the SOA."""
    return Counter(
        (
            record.owner.wire.lower(),
            record.rtype,
            record.rdata.wire.lower() if record.rtype in PLAIN else b"",
        )
        for record in source.records
        if record.rtype != rtypes.SOA
    )


def text_loader(base: Any) -> Any:
    """A loader of PyYAML's with every scalar a text: the layout is read by it, not by us."""

    class TextLoader(base):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar = {
            "<": [("tag:yaml.org,2002:merge", re.compile("^<<$"))]
        }

    TextLoader.add_constructor(
        "!include",
        lambda _, node: yaml.load(INCLUDES[node.value], TextLoader),  # noqa: S506
    )
    return TextLoader


def expected(octets: bytes, loader: Any) -> Counter[Plain]:
    """What a reader of octoDNS's layout makes of a file that is sound."""
    zone = yaml.load(octets.decode("utf-8-sig"), loader)  # noqa: S506
    found: Counter[Plain] = Counter()
    for owner, node in zone.items():
        if owner.startswith("$"):
            continue
        name = wire_name(f"{owner}.{ORIGIN}" if owner else str(ORIGIN))
        for record in node if isinstance(node, list) else [node]:
            if record.get("octodns", {}).get("ignored", "no").lower() in {"true", "yes", "on"}:
                continue
            rtype = dns.rdatatype.from_text(record["type"])
            values = record.get("values", record.get("value"))
            for value in values if isinstance(values, list) else [values]:
                found[name, rtype, wire_rdata(rtype, value) if rtype in PLAIN else b""] += 1
    return found


def wire_name(text: str) -> bytes:
    """A name in octets, as dnspython reads it; U-labels go through idna first."""
    if not text.isascii() and "\\" not in text:
        labels = [
            label if label.isascii() else idna.encode(label, uts46=True).decode()
            for label in text.split(".")
        ]
        text = ".".join(labels)
    # Beside an escape, what is not ASCII stands for its octets.
    ascii_text = "".join(
        chr(octet) if octet < 128 else f"\\{octet:03d}" for octet in text.encode()
    )
    return (dns.name.from_text(ascii_text).to_wire() or b"").lower()


def wire_rdata(rtype: int, value: Any) -> bytes:
    """Plain rdata in octets."""
    if rtype == rtypes.MX:
        preference = int(value.get("preference", value.get("priority")))
        exchange = value.get("exchange", value.get("value"))
        return preference.to_bytes(2, "big") + wire_name(exchange)
    if rtype in NAMES:
        return wire_name(value)
    # Compared in lower case as the names are, whatever octets that changes.
    return ipaddress.ip_address(value).packed.lower()


@settings(max_examples=examples(300), deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    """Whatever somebody saves, a source comes of it."""
    check(read(text.encode("utf-8", "surrogatepass")))


@settings(max_examples=examples(300), deadline=None)
@given(st.binary(max_size=200))
def test_any_octets(octets: bytes) -> None:
    """As with texts."""
    check(read(octets))


WORDS = st.sampled_from(
    [
        *("type", "value", "values", "ttl", "octodns", "ignored", "A", "MX", "TXT", "HTTPS"),
        *("SOA", "exchange", "preference", "svcparams", "$soa", "$allow", "rule", "serial"),
        *("1", "~", "", "192.0.2.1", "mail.example.com.", "\\# 1 00", "dynamic", "owner"),
        *("auto", "\u00fc", "\n"),
    ]
)
TREES = st.recursive(
    WORDS, lambda node: st.lists(node, max_size=4) | st.dictionaries(WORDS, node, max_size=5)
)


@settings(max_examples=examples(500), deadline=None)
@given(st.dictionaries(WORDS, TREES, max_size=5))
def test_any_tree(tree: Any) -> None:
    """Sound YAML of the right words in any wrong place."""
    check(read(yaml.safe_dump(tree, allow_unicode=True)))
