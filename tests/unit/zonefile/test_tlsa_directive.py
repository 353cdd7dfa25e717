"""`$tlsa`, and certificates in `$mail`: what is read of them, and what is refused."""

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from tests.typed_yaml import typed
from tests.unit.zonefile.keys import CERTIFICATE, DIGEST, NEXT_CERTIFICATE, NEXT_DIGEST
from tests.unit.zonefile.yaml_sources import barred, errors, found, messages, read, read_files
from zoneserver.zonefile.schema import zone_schema
from zoneserver.zonefile.source import ZoneSource
from zoneserver.zonefile.tlsa_directive import TLSA_KEYS

FILES = {
    "mail.pem": CERTIFICATE,
    "tls/next.pem": NEXT_CERTIFICATE,
    "mail.der": "\x30\x82",
    "long.pem": CERTIFICATE[:80],
}
LONG = ".".join(["a" * 60] * 3 + ["b" * 50])  # with example.com. over 245 octets
SCHEMA = zone_schema()


def accepts(text: str) -> bool:
    """Whether editors find nothing wrong, whichever draft they go by."""
    value = typed(text)
    verdict = Draft202012Validator(SCHEMA).is_valid(value)
    assert verdict == Draft7Validator(SCHEMA).is_valid(value), text
    return verdict


def shown(source: ZoneSource) -> list[str]:
    """Each block as `hosts services TTL keys`."""
    names = {DIGEST: "mail", NEXT_DIGEST: "next"}
    return [
        " ".join(
            (
                ",".join(str(host) for host in block.hosts),
                ",".join(".".join(label.decode() for label in each) for each in block.services),
                str(block.ttl),
                ",".join(names[key.digest.hex()] for key in block.keys),
            )
        )
        for block in source.tlsa
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "$tlsa: {host: mail.example.com., certificate: mail.pem}",
            ["mail.example.com. _25._tcp 3600 mail"],
        ),
        (
            "$tlsa: {host: mail.example.com., certificate: mail.pem, next: tls/next.pem}",
            ["mail.example.com. _25._tcp 3600 mail,next"],
        ),
        (
            (
                "$tlsa:\n"
                "- {host: a.example.com., certificate: mail.pem, ttl: 5m, port: [25, 465]}\n"
                "- {host: b.example.com., certificate: mail.pem, port: 853, protocol: udp}"
            ),
            [
                "a.example.com. _25._tcp,_465._tcp 300 mail",
                "b.example.com. _853._udp 3600 mail",
            ],
        ),
        ("$tlsa: []", []),
        (
            "$mail: {exchangers: [a.example.com., b.example.net.], certificate: mail.pem}",
            ["a.example.com.,b.example.net. _25._tcp 3600 mail"],
        ),
        (
            (
                "$mail: {exchanger: a.example.com., backup: true, certificate: mail.pem,"
                " next: tls/next.pem, ttl: 60}"
            ),
            ["example.com.,a.example.com. _25._tcp 60 mail,next"],
        ),
        (
            (
                "$mail: {shop: {exchanger: a.example.com., certificate: mail.pem},"
                " x: {none: true}}"
            ),
            ["a.example.com. _25._tcp 3600 mail"],
        ),
    ],
)
def test_blocks(text: str, expected: list[str]) -> None:
    """Hosts, services, times to live and keys."""
    source = read(text, FILES)

    assert expected == shown(source)
    assert [] == found(source)
    assert accepts(text)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("$tlsa: ¦mail.pem", "SY008", "$tlsa is a text, where a mapping is due"),
        ("$tlsa: ¦{host: a.example.com.}", "SY008", "no certificate"),
        ("$tlsa: ¦{certificate: mail.pem}", "SY008", "no host"),
        (
            "$tlsa: {host: a.example.com., ¦certficate: mail.pem}",
            "SY008",
            "did you mean `certificate`?",
        ),
        ("$tlsa: {host: ¦a.example.com, certificate: mail.pem}", "SY013", "no final dot"),
        (
            "$tlsa: {host: a.example.com., certificate: mail.pem, protocol: ¦smtp}",
            "SY008",
            "write one of tcp, udp, sctp",
        ),
        (
            "$tlsa: {host: a.example.com., certificate: mail.pem, port: ¦smtp}",
            "SY008",
            "no plain decimal number",
        ),
        (
            "$tlsa: {host: a.example.com., certificate: mail.pem, port: ¦[]}",
            "SY008",
            "0 ports",
        ),
        (
            "$tlsa: {host: a.example.com., certificate: mail.pem, port: [25, ¦0]}",
            "SY008",
            "nothing listens on port 0",
        ),
        (
            f"$tlsa: {{host: ¦{LONG}.example.com., certificate: mail.pem}}",
            "SY002",
            "the owner of the TLSA of",
        ),
        (
            "$mail: {exchanger: a.example.com., ¦next: mail.pem}".replace("¦next: ", "next: ¦"),
            "SY008",
            "next goes with certificate",
        ),
        (
            "$mail: {provider: google, certificate: ¦mail.pem}",
            "SY008",
            "and not with provider",
        ),
        ("$mail: {none: true, certificate: ¦mail.pem}", "SY008", "and not with none"),
    ],
)
def test_mistakes(text: str, code: str, words: str) -> None:
    """Each is an error at its place; editors see most."""
    text, place = barred(text)
    source = read(text, FILES)

    assert [f"{place} {code}"] == errors(source)
    assert words in messages(source)
    assert () == source.tlsa
    assert not accepts(text) or code == "SY002" or "port 0" in words


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nosuch.pem", "`nosuch.pem` cannot be read (No such file or directory)"),
        ("''", "the name of the certificate's file is empty"),
        ("~", "the name of the certificate's file is empty"),
        ("mail.der", "`mail.der` is in DER, where PEM is due"),
        ("long.pem", "`long.pem` ends in the middle"),
        ("[mail.pem]", "certificate is a list, where one text is due"),
    ],
)
@pytest.mark.parametrize("key", ["$tlsa: {host", "$mail: {exchanger"])
def test_files(key: str, path: str, words: str) -> None:
    """A file that is of no use is an error where it is named: half of the keys are no keys."""
    code = "SY008" if path == "[mail.pem]" else "TL007"
    text, place = barred(f"{key}: a.example.com., certificate: ¦{path}}}")
    source = read(text, FILES)

    assert [f"{place} {code}"] == errors(source)
    assert words in messages(source)
    assert () == source.tlsa


def test_paths_are_relative_to_the_file() -> None:
    """As those of includes are, in a file that is included, too."""
    block = "{host: a.example.com., certificate: mail.pem}"
    files = {"x/tlsa.yaml": block, "x/mail.pem": CERTIFICATE, "mail.pem": NEXT_CERTIFICATE}

    source = read(f"$tlsa: [!include x/tlsa.yaml, {block}]", files)
    assert ["mail", "next"] == [each.split()[-1] for each in shown(source)]

    parts = {"a.yaml": b"", "b.yaml": f"$tlsa: {block}".encode()}
    split = read_files({f"zones/example.com./{each}": parts[each] for each in parts}, files)
    assert ["next"] == [each.split()[-1] for each in shown(split)]


def test_every_key_is_read() -> None:
    """Those that editors are told of, and no others."""
    text = (
        "$tlsa: {host: a.example.com., certificate: mail.pem, next: mail.pem, port: 1,"
        " protocol: SCTP, ttl: 1}"
    )
    assert TLSA_KEYS.keys() == typed(text)["$tlsa"].keys()
    assert ["a.example.com. _1._sctp 1 mail,mail"] == shown(read(text, FILES))
