"""What `$tlsa` and the certificates of `$mail` stand for, and what is said of them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.mail.expanding import REST, added
from tests.unit.zonefile import keys
from tests.unit.zonefile.keys import CERTIFICATE, DIGEST, NEXT_CERTIFICATE, NEXT_DIGEST
from tests.unit.zonefile.yaml_sources import read
from zoneserver.findings import Finding
from zoneserver.mail.expand import expand
from zoneserver.mail.path import explain
from zoneserver.mail.tlsa import publish_keys
from zoneserver.validator.judge import judge
from zoneserver.validator.world import Candidate, world_of
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.source import ZoneSource

FILES = {
    "mail.pem": CERTIFICATE,
    "next.pem": NEXT_CERTIFICATE,
    "wild.pem": keys.named("*.example.com"),
    "web.pem": keys.named(*(f"w{number}.example.com" for number in range(7))),
    "nobody.pem": keys.named(),
    "old.pem": keys.named("mail.example.com", days=-2),
    "key.pem": keys.public(),
}
ZONE = f"""{REST}
$dnssec: true
mail: {{type: A, value: 192.0.2.25}}
b: {{type: A, value: 192.0.2.26}}
_smtp._tls: {{type: TXT, value: 'v=TLSRPTv1; rua=mailto:a@example.net'}}
"""
MAIL = "$mail: {exchanger: mail.example.com."
TLSA = "$mail: {exchanger: mail.example.com.}\n$tlsa: {host: mail.example.com., certificate: "
NOW = datetime.now(UTC)


def published(text: str, rest: str = ZONE) -> ZoneSource:
    """The zone with all that directives stand for."""
    return publish_keys(expand(read(f"{text}\n{rest}", FILES)))


def tlsa(source: ZoneSource) -> list[str]:
    """The TLSA records that were added."""
    return [each for each in added(source) if " TLSA " in each]


def found(source: ZoneSource, days: int = 0) -> list[Finding]:
    """All findings that are more than hints, some days from now."""
    candidates = [Candidate(source, build_zone(source))]
    world = world_of(candidates)
    today = (NOW + timedelta(days=days)).date()
    (judged,) = judge(candidates, world.zones, world.pointers, today)
    return [each for each in judged.findings if each.level > 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{TLSA}mail.pem}}", [f"_25._tcp.mail 3600 TLSA 3 1 1 {DIGEST}"]),
        (f"{MAIL}, certificate: mail.pem}}", [f"_25._tcp.mail 3600 TLSA 3 1 1 {DIGEST}"]),
        (f"{TLSA}key.pem}}", [f"_25._tcp.mail 3600 TLSA 3 1 1 {DIGEST}"]),
        (
            f"{MAIL}, certificate: mail.pem, next: next.pem, ttl: 60}}",
            [
                f"_25._tcp.mail 60 TLSA 3 1 1 {DIGEST}",
                f"_25._tcp.mail 60 TLSA 3 1 1 {NEXT_DIGEST}",
            ],
        ),
        # The next one has become the current one, and there is none after it yet.
        (
            f"{TLSA}next.pem, next: next.pem}}",
            [f"_25._tcp.mail 3600 TLSA 3 1 1 {NEXT_DIGEST}"],
        ),
        (
            f"{TLSA}mail.pem, port: [25, 465]}}",
            [
                f"_25._tcp.mail 3600 TLSA 3 1 1 {DIGEST}",
                f"_465._tcp.mail 3600 TLSA 3 1 1 {DIGEST}",
            ],
        ),
        # Another zone has the say about the second, and nobody about the third.
        (
            (
                "$mail: {exchangers: [mail.example.com., mx.example.net., mx.sub.example.com.],"
                " certificate: mail.pem}\nsub: {type: NS, value: ns.example.net.}"
            ),
            [f"_25._tcp.mail 3600 TLSA 3 1 1 {DIGEST}"],
        ),
        # Each once; those that join others have one TTL with them.
        (
            (
                f"{TLSA}mail.pem, ttl: 60}}\n_25._tcp.mail: {{type: TLSA, ttl: 300, values:"
                f" [{{certificate_usage: 3, selector: 1, matching_type: 1,"
                f" certificate_association_data: {NEXT_DIGEST}}}]}}"
            ),
            [f"_25._tcp.mail 300 TLSA 3 1 1 {DIGEST}"],
        ),
        (
            (
                f"{TLSA}mail.pem}}\n_25._tcp.mail: {{type: TLSA, value:"
                f" {{certificate_usage: 3, selector: 1, matching_type: 1,"
                f" certificate_association_data: {DIGEST}}}}}"
            ),
            [],
        ),
    ],
)
def test_records(text: str, expected: list[str]) -> None:
    """3 1 1 for each key at each host that is the zone's own, and nothing to say about it."""
    source = published(text)

    assert expected == tlsa(source)
    assert [] == [f"{each.code} {each.reason}" for each in found(source)]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (
            "$tlsa: {host: mx.example.net., certificate: mail.pem}",
            (1, 15),
            "mx.example.net. is not in the zone example.com.",
        ),
        (
            (
                "$tlsa: {host: mx.sub.example.com., certificate: mail.pem}\n"
                "sub: {type: NS, value: ns.example.net.}"
            ),
            (1, 15),
            "mx.sub.example.com. is not in the zone example.com.",
        ),
        (
            "$mail: {exchangers: [a.example.net., b.example.net.], certificate: mail.pem}",
            (1, 68),
            "a.example.net. and b.example.net. are not in the zone example.com.",
        ),
    ],
)
def test_hosts_of_others(text: str, place: tuple[int, int], words: str) -> None:
    """TLSA stands in the zone that has the host, so a certificate for others is a mistake."""
    (finding,) = (each for each in found(published(text)) if each.code == "SY008")

    assert finding.blocks
    assert place == finding.mark[1:]
    assert words in finding.reason


def test_name_without_room() -> None:
    """A host whose name is too long for the labels in front has no TLSA: nobody could ask."""
    host = ".".join(["a" * 60] * 3 + ["b" * 50, "example.com."])
    source = published(f"$mail: {{exchanger: {host}, certificate: wild.pem}}")

    assert [] == tlsa(source)


@pytest.mark.parametrize(
    ("path", "days", "expected"),
    [
        ("mail.pem", 0, None),
        ("mail.pem", 89, None),
        ("mail.pem", 92, ("TL008", "was good until")),
        ("old.pem", 0, ("TL008", "`old.pem` was good until")),
        ("key.pem", 9999, None),
        ("wild.pem", 0, None),
        (
            "web.pem",
            0,
            (
                "TL009",
                (
                    "w0.example.com and w1.example.com and w2.example.com and w3.example.com"
                    " and w4.example.com and 2 others, and not for mail.example.com."
                ),
            ),
        ),
        ("nobody.pem", 0, ("TL009", "is for no host at all, and not for mail.example.com.")),
    ],
)
@pytest.mark.parametrize("text", [f"{MAIL}, certificate: ", TLSA])
def test_certificates(
    text: str, path: str, days: int, expected: tuple[str, str] | None
) -> None:
    """One that has run out, or is for others, is published all the same: its key is right."""
    source = published(f"{text}{path}}}")
    findings = found(source, days)

    assert 1 == len(tlsa(source))
    if expected is None:
        assert [] == findings
    else:
        code, words = expected
        assert [(code, "warning")] == [(each.code, str(each.level)) for each in findings]
        assert words in findings[0].reason
        line = f"{text}{path}".count("\n") + 1
        assert line == findings[0].mark.line


def test_wildcards_stand_for_one_label() -> None:
    """A certificate for *.example.com is for mail.example.com, not for a.b.example.com."""
    text = "$tlsa: {host: mail.sub.example.com., certificate: wild.pem}"

    assert "TL009" in {each.code for each in found(published(text))}


def test_judgement_holds_until_the_certificate_ends() -> None:
    """On the day after, the zone is judged anew, whether or not anybody edits it."""
    source = published(f"{MAIL}, certificate: mail.pem}}")
    candidates = [Candidate(source, build_zone(source))]
    world = world_of(candidates)
    (judged,) = judge(candidates, world.zones, world.pointers, NOW.date())

    assert judged.until in {(NOW + timedelta(days=days)).date() for days in (89, 90)}


def test_unsigned_zone() -> None:
    """TL001 points at the certificate: senders heed TLSA in signed zones only."""
    source = published(f"{MAIL}, certificate: mail.pem}}", ZONE.replace("$dnssec: true", ""))

    assert [("TL001", 1)] == [(each.code, each.mark.line) for each in found(source)]


@pytest.mark.parametrize("is_signed", [True, False])
def test_explained(*, is_signed: bool) -> None:
    """`explain` says that senders heed them, as the server will sign what is not signed yet."""
    rest = ZONE if is_signed else ZONE.replace("$dnssec: true", "")
    source = published(f"{MAIL}, certificate: mail.pem}}", rest)
    world = world_of([Candidate(source, build_zone(source))])
    (stop,) = explain(world, (), "somebody@example.com").stops

    assert stop.certificate is not None
    assert stop.certificate.texts == (f"3 1 1 {DIGEST}",)
    assert stop.certificate.signed is is_signed
