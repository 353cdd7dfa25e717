"""$mail as it is written: blocks with their places, and what is said about mistakes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.zonefile.keys import CERTIFICATE
from tests.unit.zonefile.yaml_sources import (
    barred,
    errors,
    found,
    messages,
    read,
    read_files,
    unreadable,
)
from zoneserver.findings import Level
from zoneserver.zonefile.mail_directive import MAIL_KEYS
from zoneserver.zonefile.source import MailBlock, ZoneSource


def shown(source: ZoneSource) -> list[str]:
    """Each block as `owner TTL what-it-says`, with the place of every part of it."""
    return [
        " ".join(
            [
                block.owner.relative_to(source.origin),
                str(block.ttl),
                *_parts(block),
                f"@{block.mark.line}:{block.mark.column}",
            ]
        )
        for block in source.mail
    ]


def _parts(block: MailBlock) -> list[str]:
    parts = [f"{host}@{mark.line}:{mark.column}" for host, mark in block.exchangers]
    if block.backup:
        parts.append(f"backup@{block.backup.line}:{block.backup.column}")
    if block.provider:
        parts.append(f"provider={block.provider}")
    return parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$mail: {exchanger: mx.isp.example.}", ["@ 3600 mx.isp.example.@1:20 @1:20"]),
        (
            "$mail: {exchanger: mx.isp.example., backup: true}",
            ["@ 3600 mx.isp.example.@1:20 backup@1:45 @1:20"],
        ),
        (
            "$mail: {exchanger: mx.isp.example., backup: false}",
            ["@ 3600 mx.isp.example.@1:20 @1:20"],
        ),
        ("$mail: {backup: yes, exchanger: mx.}", ["@ 3600 mx.@1:33 backup@1:17 @1:33"]),
        ("$mail:\n  exchangers:\n  - b.\n  - a.\n", ["@ 3600 b.@3:5 a.@4:5 @3:5"]),
        ("$mail: {exchangers: a.}", ["@ 3600 a.@1:21 @1:21"]),
        ("$mail: {none: true}", ["@ 3600 @1:15"]),
        ("$mail: {none: on, ttl: 1h}", ["@ 3600 @1:15"]),
        ("$mail: {provider: google}", ["@ 3600 provider=google @1:19"]),
        ("$mail: {provider: nosuch}", ["@ 3600 provider=nosuch @1:19"]),
        (
            "$mail: {provider: microsoft, exchanger: a.}",
            ["@ 3600 a.@1:41 provider=microsoft @1:19"],
        ),
        ("$mail: {exchanger: mx., ttl: 5m}", ["@ 300 mx.@1:20 @1:20"]),
        ("$mail: {exchanger: mx.}\n$ttl: 60", ["@ 60 mx.@1:20 @1:20"]),
        (
            "$mail: {exchanger: b\u00fccher.example.}",
            ["@ 3600 xn--bcher-kva.example.@1:20 @1:20"],
        ),
        # A mapping of owners: some value of it is a mapping.
        (
            "$mail:\n  '': {exchanger: mx.}\n  Shop: {none: true}\n  '*.x': {provider: p}\n",
            ["@ 3600 mx.@2:19 @2:19", "Shop 3600 @3:16", "*.x 3600 provider=p @4:21"],
        ),
        ("$mail: {none: {none: true}}", ["none 3600 @1:22"]),
        (
            "$mail: {a: &x {exchanger: mx., ttl: 60}, b: *x, c: {<<: *x, ttl: 30}}",
            ["a 60 mx.@1:27 @1:27", "b 60 mx.@1:27 @1:27", "c 30 mx.@1:27 @1:27"],
        ),
        ("x: {type: TXT, value: no mail here}", []),
    ],
)
def test_forms(text: str, expected: list[str]) -> None:
    """Each way to write it, and the places that findings will point to."""
    source = read(text)
    assert expected == shown(source)
    assert [] == found(source)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("$mail: \u00a6mx.isp.example.", "SY008", "write $mail: {exchanger: mx.isp.example."),
        ("$mail: \u00a6~", "SY008", "is empty, where a mapping is due"),
        ("$mail: \u00a6[{exchanger: mx.}]", "SY008", "is a list, where a mapping is due"),
        ("$mail: \u00a6{}", "SY008", "does not say who takes the mail"),
        ("$mail: \u00a6{ttl: 60}", "SY008", "or exchangers, none or provider"),
        ("$mail: \u00a6{backup: true}", "SY008", "does not say who takes the mail"),
        ("$mail: {\u00a6exchangr: mx.}", "SY008", "did you mean `exchanger`?"),
        ("$mail: {exchanger: mx., \u00a6Backup: true}", "SY008", "did you mean `backup`?"),
        (
            "$mail: {exchanger: mx., \u00a6xyzzy: 1}",
            "SY008",
            "the keys are exchanger, exchangers",
        ),
        # Targets, as in an MX.
        ("$mail: {exchanger: \u00a6mail}", "MX020", "/ write mail.example.com. /"),
        ("$mail: {exchanger: \u00a6mx.isp.example}", "MX020", "/ write mx.isp.example. /"),
        ("$mail: {exchanger: \u00a6192.0.2.25}", "MX002", "value: 192.0.2.25}'"),
        ("$mail: {exchanger: \u00a63221226009}", "MX002", "192.0.2.25 in another spelling"),
        ("$mail: {exchanger: \u00a6'me@isp.example'}", "MX014", "an MX cannot forward"),
        ("$mail: {exchanger: \u00a6'mx.isp.example:25'}", "MX014", "always port 25"),
        ("$mail: {exchanger: \u00a6a..b.}", "SY001", "label"),
        ("$mail: {exchanger: \u00a6~}", "SY003", "exchanger is empty"),
        ("$mail: {exchanger: \u00a6'.'}", "SY008", "write none: true"),
        ("$mail: {exchangers: [a., \u00a6.]}", "SY008", "write none: true"),
        ("$mail: {exchanger: \u00a6[a., b.]}", "SY008", "write exchangers: [...]"),
        ("$mail: {exchangers: \u00a6[]}", "SY008", "an empty list"),
        ("$mail: {exchangers: \u00a6~}", "SY003", "exchangers is empty"),
        ("$mail: {exchangers: [\u00a6[a.]]}", "SY003", "exchangers is a list"),
        ("$mail: {exchangers: \u00a6[" + "a.," * 101 + "]}", "SY010", "100 is the most"),
        # What contradicts itself.
        ("$mail: {exchanger: a., exchangers: \u00a6[b.]}", "SY008", "1:20 exchanger"),
        ("$mail: {none: true, exchanger: \u00a6a.}", "SY008", "none and exchanger both say"),
        ("$mail: {provider: google, exchangers: \u00a6[a.]}", "SY008", "keep one of the two"),
        (
            "$mail: {exchangers: [a., b.], backup: \u00a6true}",
            "SY008",
            "exchangers: [first., sec",
        ),
        ("$mail: {none: true, backup: \u00a6false}", "SY008", "remove backup"),
        ("$mail: {provider: google, backup: \u00a6true}", "SY008", "not with provider"),
        (
            "$mail: {provider: microsoft, exchanger: a., backup: \u00a6true}",
            "SY008",
            "goes with exchanger alone",
        ),
        # Values of the wrong kind.
        ("$mail: {exchanger: a., backup: \u00a6maybe}", "SY008", "write true or false"),
        ("$mail: {exchanger: a., backup: \u00a6~}", "SY008", "write true or false"),
        ("$mail: {exchanger: a., backup: \u00a6[]}", "SY008", "backup is a list"),
        ("$mail: {none: \u00a6false}", "SY008", "none: false says nothing"),
        ("$mail: {none: \u00a6nope}", "SY008", "write true or false"),
        ("$mail: {provider: \u00a6~}", "SY008", "provider is empty"),
        ("$mail: {provider: \u00a6}", "SY008", "provider is empty"),
        ("$mail: {provider: \u00a6' '}", "SY008", "provider is empty"),
        ("$mail: {provider: \u00a6[google]}", "SY008", "write provider: google"),
        ("$mail: {exchanger: a., ttl: \u00a61:30}", "SY004", "YAML 1.1 reads it as 90"),
        ("$mail: {exchanger: a., ttl: \u00a6~}", "SY004", "ttl is empty"),
        # Owners.
        ("$mail: {'': {exchanger: a.}, x: \u00a6b.}", "SY008", "where a mapping is due"),
        ("$mail: {x: {\u00a6exchangr: a.}}", "SY008", "did you mean `exchanger`?"),
        ("$mail: {x: {none: true}, \u00a6X: {none: true}}", "SY008", "`x` stands here first"),
        ("$mail: {\u00a6x.: {none: true}}", "NS009", "not below example.com."),
        ("$mail: {\u00a6x.example.com.: {none: true}}", "SY008", "write x"),
        ("$mail: {\u00a6'@': {none: true}}", "SY008", "write '' for the apex"),
        (f"$mail: {{\u00a6{'x' * 64}: {{none: true}}}}", "SY001", "63"),
        ("$mail: {exchanger: a., \u00a6exchanger: b.}", "SY008", "stands twice"),
    ],
)
def test_mistakes(text: str, code: str, says: str) -> None:
    """One error, at the culprit, with what to write instead; no block comes of it."""
    text, place = barred(text)
    source = read(text)
    assert [f"{place} {code}"] == errors(source)
    assert says in messages(source)
    assert [] == [each for each in shown(source) if not each.startswith(("@ ", "x "))]
    assert len(source.mail) <= 1  # the sound block of two


def test_everything_is_said_at_once() -> None:
    """Nothing stops at the first mistake."""
    source = read(
        "$mail:\n"
        "  a: {exchangers: [mail, 192.0.2.1, mx.example.org.], ttl: 1.5}\n"
        "  b: {none: true}\n"
        "  c: {exchangr: a., tlt: 60}\n"
    )
    assert ["MX002", "MX020", "SY004", "SY008", "SY008"] == sorted(
        finding.code for finding in source.findings
    )
    assert ["b 3600 @3:13"] == shown(source)
    assert {"a", "c"} == unreadable(source)


@pytest.mark.parametrize("text", ["$mail: mx.", "$mail: {exchanger: mx}", "$mail: {ttl: 1}"])
def test_unreadable_apex(text: str) -> None:
    """No rule may take the apex for one without an MX when its block cannot be read."""
    assert {"@"} == unreadable(read(text))


def test_findings_name_the_owner() -> None:
    """A finding is about the name whose mail it is."""
    (finding,) = read("$mail: {shop: {exchanger: mx}}").findings
    assert "shop.example.com." == str(finding.owner)
    assert Level.ERROR is finding.level


def test_several_files() -> None:
    """$mail stands in one of them."""
    files = {"a.yaml": b"$mail: {none: true}", "b.yaml": b"\n$mail: {exchanger: mx.}"}
    source = read_files(files)
    assert ["2:1 SY008"] == found(source)
    assert ["@ 3600 @1:15"] == shown(source)


def test_included() -> None:
    """A block may come from a file that several zones share."""
    source = read("$mail: !include mail.yaml", {"mail.yaml": "exchanger: mx.example.net."})
    assert ["@ 3600 mx.example.net.@1:12 @1:12"] == shown(source)


def test_too_many_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are names of the zone like others."""
    monkeypatch.setattr("zoneserver.zonefile.yaml_zone.MAX_NAMES", 5)
    blocks = ", ".join(f"n{number}: {{none: true}}" for number in range(6))
    source = read(f"$mail: {{{blocks}}}")
    assert ["1:1 SY010"] == errors(source)
    assert () == source.mail


@pytest.mark.parametrize(
    ("key", "block"),
    [
        ("exchanger", "exchanger: mx."),
        ("exchangers", "exchangers: [mx.]"),
        ("none", "none: true"),
        ("provider", "provider: google"),
        ("backup", "backup: true, exchanger: mx."),
        ("certificate", "exchanger: mx., certificate: mail.pem"),
        ("next", "exchanger: mx., certificate: mail.pem, next: mail.pem"),
        ("ttl", "ttl: 60, exchanger: mx."),
    ],
)
def test_keys(key: str, block: str) -> None:
    """Every key that other tools are told of is one that is read, and there are no others."""
    assert key in MAIL_KEYS
    assert 8 == len(MAIL_KEYS)
    assert () == read(f"$mail: {{{block}}}", {"mail.pem": CERTIFICATE}).findings


WORDS = st.sampled_from(
    [
        *MAIL_KEYS,
        *("mx.isp.example.", "mx", ".", "192.0.2.1", "true", "false", "~", "", "''", "google"),
        *(
            "5m",
            "-1",
            "*",
            "&a",
            "*a",
            "<<",
            "!include x",
            "[",
            "]",
            "{",
            "}",
            ": ",
            ", ",
            "- ",
        ),
        *(
            "\n",
            "\n  ",
            "'",
            '"',
            "#",
            "@",
            "xn--a",
            "\u00fc",
            "\\",
            "\\000",
            "$mail: ",
            "'': ",
        ),
    ]
)


@given(st.lists(WORDS, max_size=24).map("".join))
def test_any_text(text: str) -> None:
    """Whatever stands there: sound blocks or findings that block, and never an exception."""
    source = read(f"$mail: {text}")
    assert source.mail or errors(source)
    for block in source.mail:
        assert not block.backup or (len(block.exchangers) == 1 and not block.provider)
