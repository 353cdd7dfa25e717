"""The rules on DNSSEC: breaks and near misses, in zones that come signed and in parents."""

import base64
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dns.dnssec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from tests.figures import Figures
from tests.peers.signer import PROOFS, sign_zone
from tests.signed_zones import KEY, PUBLIC, Nsec3, sign
from tests.unit.validator.judging import BASE, TODAY, described, judge_zones, no_include
from zoneserver.findings import Finding, Level
from zoneserver.names import Name
from zoneserver.validator.answers import Answers
from zoneserver.validator.judge import judge, judge_all
from zoneserver.validator.world import Candidate, world_of
from zoneserver.zone.build import build_zone
from zoneserver.zone.zoneset import ZoneSet
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.source import Defaults, Kind
from zoneserver.zonefile.yaml_zone import read_yaml_zone

ORIGIN, CHILD = "example.com.", "sub.example.com."
DIGEST = "0123456789abcdef" * 4
TEXT = f"""
@ SOA ns1 hostmaster 1 7200 1800 1209600 3600
@ NS ns1
@ NS ns2
@ MX 10 mail
ns1 A 192.0.2.1
ns2 A 198.51.100.2
mail A 192.0.2.25
mail 600 AAAA 2001:db8::25
a.b.c TXT text
*.w MX 10 mail
safe NS ns1
safe NS ns2
safe DS 12345 13 2 {DIGEST}
bare NS ns1
bare NS ns2
"""
SIGNED = {
    "nsec": sign(TEXT, ORIGIN),
    "nsec3": sign(TEXT, ORIGIN, Nsec3()),
    "opt-out": sign(TEXT, ORIGIN, Nsec3(opt_out=True)),
}
ENDS = date(2050, 1, 1)  # of the signatures


def judged(text: str, today: date = TODAY, kind: Kind = Kind.PRIMARY) -> Sequence[Finding]:
    """What is found of a signed zone, of DNSSEC."""
    origin = Name.parse(ORIGIN)
    source = read_master_zone("zone", text.encode(), origin, no_include)
    source = replace(source, kind=kind)
    found = judge_all([Candidate(source, build_zone(source))], today)
    return [each for each in found if each.code.startswith("DN")]


def made_on(path: Path) -> date:
    """The day on which a file was written, by which signers go."""
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).date()


def shown(findings: Sequence[Finding]) -> list[str]:
    """`CODE level owner`."""
    return [f"{each.code} {each.level} {each.owner}" for each in findings]


def without(pattern: str) -> Callable[[str], str]:
    """The zone without the lines that a pattern finds."""
    return lambda text: "".join(
        line for line in text.splitlines(keepends=True) if not re.search(pattern, line)
    )


def instead(old: str, new: str) -> Callable[[str], str]:
    """The zone with something else in it."""

    def change(text: str) -> str:
        changed = re.sub(old, new, text)
        assert changed != text
        return changed

    return change


@pytest.mark.parametrize("proof", SIGNED)
def test_zone_that_is_signed_right(proof: str) -> None:
    """Has nothing but the hint on opt-out."""
    wanted = ["DN008 hint example.com."] if proof == "opt-out" else []
    assert wanted == shown(judged(SIGNED[proof]))


BREAKS = [
    ("nsec", without(r"RRSIG MX .*"), "DN005 error example.com."),
    ("nsec", without(r"^mail.* RRSIG AAAA"), "DN005 error mail.example.com."),
    ("nsec", without(r"^safe.* RRSIG DS"), "DN005 error safe.example.com."),
    ("nsec", without(r"^mail.* RRSIG NSEC"), "DN005 error mail.example.com."),
    ("nsec", instead(r"(RRSIG AAAA 15 3 600 \d+ \d+) \d+", r"\1 1"), "DN005 error mail."),
    ("nsec", instead(r"(RRSIG AAAA .*) example.com. ", r"\1 com. "), "DN005 error mail."),
    ("nsec", without("RRSIG"), "DN005 hint example.com."),
    ("nsec", instead("2001:db8::25", "2001:db8::26"), "DN006 error mail.example.com."),
    ("nsec", instead("MX 10 mail", "MX 11 mail"), "DN006 error"),
    ("nsec", instead("mail.example.com. 600", "mail.example.com. 599"), ""),  # RFC 4035 5.3.1
    ("nsec", instead(f"13 2 {DIGEST}", f"13 2 {DIGEST[::-1]}"), "DN006 error safe."),
    ("nsec", without(r"^mail\S* \d+ NSEC "), "DN009 error mail.example.com."),
    ("nsec", without(r"^mail\S* \d+ (A|RRSIG A) "), "DN009 error mail.example.com."),
    ("nsec", without(r"bare\S* \d+ (NS|RRSIG|NSEC) "), "DN009 error"),
    ("nsec", without(r"^\S+ \d+ NSEC "), "DN009 error example.com."),
    ("nsec3", without(r" NSEC3PARAM "), "DN009 error example.com."),
    ("nsec3", without(r"^mail\S* \d+ (A|RRSIG A) "), "DN009 error mail.example.com."),
    ("nsec3", without(r"a\.b\.c\S* "), "DN009 error"),
    ("opt-out", without(r"^mail\S* \d+ (A|RRSIG A) "), "DN009 error mail.example.com."),
]


@pytest.mark.parametrize(("proof", "change", "expected"), BREAKS)
def test_signed_zone_is_broken(proof: str, change: Callable[[str], str], expected: str) -> None:
    """Acceptance 55: by a set without a signature, another one's, or a gap in the proofs."""
    found = [each for each in shown(judged(change(SIGNED[proof]))) if "DN008" not in each]

    assert bool(found) is bool(expected), found
    assert not expected or any(each.startswith(expected) for each in found), found


@pytest.mark.parametrize("owner", ["mail", "safe", "*.w"])
def test_name_without_its_nsec3(owner: str) -> None:
    """RFC 5155 7.1: only what opt-out is for may be left out."""
    hashed = dns.dnssec.nsec3_hash(f"{owner}.{ORIGIN}", None, 0, "SHA1").lower()
    for proof in ("nsec3", "opt-out"):
        found = shown(judged(without(f"^{hashed}")(SIGNED[proof])))
        assert any("DN009 error" in each for each in found)


def test_copies_are_not_refused() -> None:
    """Whoever could mend them is elsewhere; and not all of it is looked at."""
    forged = instead("2001:db8::25", "2001:db8::26")(SIGNED["nsec"])
    unsigned = without("RRSIG MX")(SIGNED["nsec"])

    assert [] == shown(judged(forged, kind=Kind.SECONDARY))
    assert ["DN005 warning example.com."] == shown(judged(unsigned, kind=Kind.SECONDARY))


DAYS = [
    (ENDS - timedelta(days=4), []),
    (ENDS - timedelta(days=3), ["DN004 warning example.com."]),
    (ENDS, ["DN004 warning example.com."]),
    (ENDS + timedelta(days=1), ["DN004 error example.com."]),
    (date(2020, 1, 1), []),
    (date(2019, 12, 31), ["DN004 error example.com."]),
]


@pytest.mark.parametrize(("today", "expected"), DAYS)
def test_signatures_run_out(today: date, expected: list[str]) -> None:
    """DN004: a warning while there is time, an error once it is too late; one for all sets."""
    found = judged(SIGNED["nsec"], today)

    assert expected == shown(found)
    assert all("more" in each.reason for each in found)


@pytest.mark.parametrize(
    ("today", "until"),
    [
        (TODAY, ENDS - timedelta(days=4)),
        (ENDS - timedelta(days=2), ENDS - timedelta(days=2)),
        (ENDS + timedelta(days=9), ENDS + timedelta(days=9)),
    ],
)
def test_judgement_holds_until_signatures_run_out(today: date, until: date) -> None:
    """Then the zone is looked at again, though nobody has touched it."""
    source = read_master_zone("z", SIGNED["nsec"].encode(), Name.parse(ORIGIN), no_include)
    candidate = Candidate(source, build_zone(source))
    world = world_of([candidate])
    (judgement,) = judge([candidate], world.zones, world.pointers, today)

    assert until == judgement.until


@pytest.mark.parametrize("proof", PROOFS)
def test_zone_that_bind_has_signed(proof: str, tmp_path: Path) -> None:
    """Is right, down to each signature and each proof."""
    head = "$ORIGIN example.com.\n$TTL 3600\n"
    signed = sign_zone(ORIGIN, head + TEXT, tmp_path, proof)
    found = judged(signed.path.read_text(), made_on(signed.path))

    assert {each.level for each in found} <= {Level.HINT}
    assert {"nsec": [], "nsec3": ["DN007"], "opt-out": ["DN008"]}[proof] == [
        each.code for each in found
    ]


@pytest.mark.parametrize("flags", [[], ["-n"]], ids=["nsec", "nsec3"])
def test_zone_that_ldns_has_signed(flags: list[str], tmp_path: Path) -> None:
    """And so is that of another signer."""
    if shutil.which("ldns-signzone") is None:
        pytest.skip("ldns-signzone is not installed (Debian: ldnsutils)")

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    lines = sign(TEXT, ORIGIN)
    plain = without(r" (RRSIG|NSEC|DNSKEY) ")(lines)
    (tmp_path / "zone").write_text(re.sub(r"(?m)^(\S+ \d+)", r"\1 IN", plain) + "\n")
    key = run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", ORIGIN)
    run("ldns-signzone", *flags, "-z", "1:1", "-f", "signed", "zone", key)
    path = tmp_path / "signed"
    found = judged(path.read_text(), made_on(path))

    assert {each.level for each in found} <= {Level.HINT}


@pytest.mark.parametrize(
    ("iterations", "salt", "expected"),
    [(0, "-", []), (0, "aabb", ["hint"]), (1, "-", ["hint"]), (50, "-", ["hint"]),
     (51, "-", ["error"]), (500, "aabb", ["error"])],
)  # fmt: skip
def test_iterations(iterations: int, salt: str, expected: list[str], figures: Figures) -> None:
    """Acceptance 17: a zone of more than 50 iterations is refused."""
    found = judged(sign(TEXT, ORIGIN, Nsec3(iterations, salt)))

    assert [str(each.level) for each in found if each.code == "DN007"] == expected
    figures.add("17 NSEC3 iterations", f"{iterations}: {', '.join(expected) or 'nothing said'}")


def _rsa(bits: int, algorithm: str = "RSASHA256") -> str:
    key = rsa.generate_private_key(65537, bits).public_key()
    return f"@ DNSKEY {dns.dnssec.make_dnskey(key, algorithm, 257).to_text()}"


def _raw_rsa(algorithm: int, bits: int) -> str:
    """A key that no library of today would make: exponent 3, and a length of its own."""
    octets = b"\1\3" + b"\xff" * (bits // 8)
    return f"@ DNSKEY 257 3 {algorithm} {base64.b64encode(octets).decode()}"


KEYS = [
    (KEY, []),
    (_rsa(2048), []),
    (_rsa(1536), ["DN010 warning"]),
    (_rsa(2048, "RSASHA1"), ["DN010 warning"]),
    (_rsa(2048, "RSASHA1NSEC3SHA1"), ["DN010 warning"]),
    (_raw_rsa(8, 512), ["DN010 error"]),
    (_raw_rsa(8, 1016), ["DN010 error"]),
    (_raw_rsa(8, 1024), ["DN010 warning"]),
    (_raw_rsa(1, 2048), ["DN010 warning"]),
    (_raw_rsa(10, 2048), []),
    ("@ DNSKEY 257 3 12 " + "A" * 86 + "==", ["DN010 warning"]),
    ("@ DNSKEY 257 2 15 " + "A" * 43 + "=", ["DN011 error"]),
    ("@ DNSKEY 1 3 15 " + "A" * 43 + "=", ["DN011 error"]),
    ("@ DNSKEY 257 3 15 " + "A" * 40, ["DN011 error"]),
    ("@ DNSKEY 257 3 13 " + "A" * 43 + "=", ["DN011 error"]),
    ("@ DNSKEY 257 3 14 " + "A" * 128, []),
    ("@ DNSKEY 257 3 16 " + "A" * 76, []),
    ("@ DNSKEY 257 3 200 AAAA", []),
]


@pytest.mark.parametrize(("key", "expected"), KEYS)
def test_keys(key: str, expected: list[str]) -> None:
    """DN010, DN011: whatever else is wrong with the zone."""
    found = [each for each in judge_zones(f"{BASE}{key}\n") if each.code in ("DN010", "DN011")]

    assert [f"{each.code} {each.level}" for each in found] == expected


DS = [
    (f"12345 13 2 {DIGEST}", []),
    (f"12345 13 4 {DIGEST}{DIGEST[:32]}", []),
    (f"12345 13 1 {DIGEST[:40]}", ["DN003 warning"]),
    (f"12345 13 3 {DIGEST}", ["DN003 warning"]),
    (f"12345 5 2 {DIGEST}", ["DN003 warning"]),
    (f"12345 4 2 {DIGEST}", ["DN003 warning"]),
    (f"12345 13 77 {DIGEST}", ["DN003 warning"]),
    (f"12345 13 2 {DIGEST[:40]}", ["DN002 error"]),
    (f"12345 13 1 {DIGEST}", ["DN002 error"]),
    (f"12345 13 4 {DIGEST}", ["DN002 error"]),
]


@pytest.mark.parametrize(("ds", "expected"), DS)
def test_ds_by_itself(ds: str, expected: list[str]) -> None:
    """DN002, DN003: of a child that is not ours; a CDS is no better."""
    for lines in (f"sub NS ns1\nsub NS ns2\nsub DS {ds}\n", f"@ CDS {ds}\n"):
        found = [e for e in judge_zones(BASE + lines) if e.code in ("DN002", "DN003")]
        assert [f"{each.code} {each.level}" for each in found] == expected


def test_request_to_be_signed_no_longer() -> None:
    """RFC 8078 4: this CDS is of no key, and means something else."""
    assert judge_zones(f"{BASE}@ CDS 0 0 0 00\n{KEY}\n") == judge_zones(f"{BASE}{KEY}\n")


def _ds(digest: str = "SHA256", algorithm: str = "") -> str:
    text = dns.dnssec.make_ds(
        CHILD, PUBLIC, digest, policy=dns.dnssec.allow_all_policy
    ).to_text()
    return re.sub(r"^(\d+) \d+", rf"\1 {algorithm}", text) if algorithm else text


CUT = "sub NS ns1\nsub NS ns2\n"
PLAIN_CHILD = BASE.replace(ORIGIN, CHILD).replace(" ns1\n", " ns1.example.com.\n")
KEYED_CHILD = f"{PLAIN_CHILD}{KEY}\n"
OTHER = dns.dnssec.make_dnskey(Ed25519PrivateKey.generate().public_key(), "ED25519", 256)


def _signed_by(key: DNSKEY) -> str:
    """The child, its keys signed by one of two."""
    tag = dns.dnssec.key_id(key)
    signature = f"RRSIG DNSKEY 15 3 1 20300101000000 20200101000000 {tag} {CHILD} AAAA"
    return f"{KEYED_CHILD}@ DNSKEY {OTHER.to_text()}\n@ {signature}\n"


SIGNED_CHILD = _signed_by(PUBLIC)
CHILDREN = [
    (SIGNED_CHILD, "", []),
    (SIGNED_CHILD, _ds(), []),
    (SIGNED_CHILD, _ds("SHA384"), []),
    (SIGNED_CHILD, _ds("SHA1"), []),
    (SIGNED_CHILD, f"12345 15 2 {DIGEST}", ["DN001 error"]),
    (SIGNED_CHILD, f"{_ds()}\nsub DS 12345 15 2 {DIGEST}", []),  # one of them is right
    (SIGNED_CHILD, _ds(algorithm="13"), ["DN001 error"]),
    (SIGNED_CHILD, re.sub(r"\w\w$", "00", _ds()), ["DN001 error"]),
    (SIGNED_CHILD, f"12345 15 77 {DIGEST}", []),  # for resolvers, as if there were none
    (PLAIN_CHILD, _ds(), ["DN001 error"]),
    (KEYED_CHILD, _ds(), ["DN001 error"]),
    (KEYED_CHILD, "", []),
    (SIGNED_CHILD.replace("257", "1"), _ds(), ["DN001 error"]),
    (_signed_by(OTHER), _ds(), ["DN001 error"]),  # it is there, and does not sign
    (f"{SIGNED_CHILD}@ CDS {_ds()}\n", "", ["DN014 hint"]),
    (f"{SIGNED_CHILD}@ CDS {_ds()}\n", _ds(), []),
    (f"{SIGNED_CHILD}@ CDS {_ds()}\n", _ds("SHA384"), ["DN014 hint"]),
    (f"{SIGNED_CHILD}@ CDS 0 0 0 00\n", _ds(), ["DN014 hint"]),
    (f"{SIGNED_CHILD}@ CDS 0 0 0 00\n", "", []),
]


@pytest.mark.parametrize(("child", "ds", "expected"), CHILDREN)
def test_what_a_parent_says_of_a_child(child: str, ds: str, expected: list[str]) -> None:
    """DN001, DN014: where both are ours."""
    parent = f"{BASE}{KEY}\n{CUT}" + (f"sub DS {ds}\n" if ds else "")
    found = [e for e in judge_zones(parent, child) if e.code in ("DN001", "DN014")]

    assert [f"{each.code} {each.level}" for each in found] == expected
    assert all(each.also == {Name.parse(CHILD)} for each in found)


def test_parent_that_is_not_signed() -> None:
    """Nobody validates, yet."""
    parent = f"{BASE}{CUT}sub DS 12345 15 2 {DIGEST}\n"

    assert described(judge_zones(parent, SIGNED_CHILD), "DN001") == [
        "warning example.com.zone:13"
    ]


def test_child_that_is_signed_when_it_is_served() -> None:
    """Its keys are elsewhere, so nothing can be said."""
    text = f"{BASE}{KEY}\n{CUT}sub DS 12345 15 2 {DIGEST}\n"
    parent = read_master_zone("zone", text.encode(), Name.parse(ORIGIN), no_include)
    child = read_yaml_zone(
        Name.parse(CHILD), {"yaml": b"$dnssec: true\n"}, no_include, Defaults()
    )
    found = judge_all([Candidate(each, build_zone(each)) for each in (parent, child)], TODAY)

    assert "DN001" not in {each.code for each in found}


def test_change_of_keys_is_heard_of_by_the_parent() -> None:
    """And one of signatures alone is not, as that comes twice a week."""

    def see(text: str) -> object:
        source = read_master_zone("z", text.encode(), Name.parse(CHILD), no_include)
        return Answers(ZoneSet([build_zone(source)])).of(Name.parse(CHILD))

    signed = f"{KEYED_CHILD}@ RRSIG SOA 15 3 1 20300101000000 20200101000000 1 {CHILD} AAAA\n"
    assert see(KEYED_CHILD) == see(signed) == see(signed.replace(" 1 7200", " 2 7200"))
    assert see(KEYED_CHILD) != see(PLAIN_CHILD)


ZONEMD = "@ ZONEMD {serial} {scheme} {hash} {digest}\n"
DIGESTS = [
    ("", ""),
    (ZONEMD.format(serial=1, scheme=1, hash=1, digest="ab" * 48), "DN012 error"),
    (ZONEMD.format(serial=2, scheme=1, hash=1, digest="ab" * 48), "DN012 error"),
    (ZONEMD.format(serial=1, scheme=1, hash=9, digest="ab" * 48), "DN013 warning"),
    (ZONEMD.format(serial=1, scheme=2, hash=1, digest="ab" * 48), "DN013 warning"),
    (
        "".join(ZONEMD.format(serial=1, scheme=1, hash=1, digest=d * 48) for d in ("aa", "bb")),
        "DN013 warning",
    ),
]


@pytest.mark.parametrize(("lines", "expected"), DIGESTS)
def test_digest_that_is_written(lines: str, expected: str) -> None:
    """DN012, DN013."""
    found = {f"{each.code} {each.level}" for each in judge_zones(BASE + lines)}

    assert {each for each in found if each.startswith("DN")} == ({expected} - {""})


MUTANTS, SEED = 60, 4034


def test_records_that_are_none() -> None:
    """In octets anything can be written: there is something to be said of it, and no defect."""
    lot = random.Random(SEED)
    types = ["DNSKEY", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DS", "CDS", "ZONEMD"]
    for number in range(MUTANTS):
        lines = SIGNED[lot.choice([*SIGNED])].splitlines()
        del lines[lot.randrange(2, len(lines))]
        for _ in range(lot.randint(1, 4)):
            octets = lot.randbytes(lot.randint(0, 24))
            owner, rtype = lot.choice(["@", "mail", "safe", "x"]), lot.choice(types)
            lines.append(f"{owner} 3600 {rtype} \\# {len(octets)} {octets.hex()}")
        day = (TODAY, ENDS, date.min, date.max)[number % 4]
        text = "\n".join(["$ORIGIN example.com.", *lines, ""])

        assert judge_zones(text, today=day)
