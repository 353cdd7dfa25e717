"""Every DKIM rule with zones that break it, and near misses that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.validator.policy.keys import (
    ED25519,
    POINT,
    RSA,
    base64_text,
    rsa_key,
    rsa_text,
    spki,
)
from tests.unit.validator.policy.table import assert_broken, assert_clean, judge_lines, levels
from zoneserver.validator.policy.der import PublicKey, read_public_key

GOOD = rsa_text(2048)
EDWARDS = base64_text(POINT)
WRAPPED = base64_text(spki(ED25519, POINT))


def key(owner: str, text: str) -> str:
    """A TXT record with a long text, in strings of 250 octets."""
    pieces = [text[at : at + 250] for at in range(0, len(text), 250)]
    return f"{owner} TXT " + " ".join(f'"{piece}"' for piece in pieces)


# code, level, lines added to the base zone
BREAKS = [
    ("DK001", "error", 's1._domainkey TXT "v=DKIM1; k=rsa; p=MIGf!!notbase64"'),
    ("DK001", "error", 's1._domainkey TXT "v=DKIM1; k=rsa; p=aGVsbG8="'),
    ("DK001", "error", key("s1._domainkey", f"v=DKIM1; p={GOOD[:-8]}")),
    ("DK001", "error", key("s1._domainkey", f"v=DKIM1; p={GOOD[:100]}*{GOOD[101:]}")),
    ("DK001", "error", key("s1._domainkey", f"v=DKIM1; k=rsa; p={EDWARDS}")),
    ("DK001", "error", key("s1._domainkey", f"v=DKIM1; k=ed25519; p={GOOD}")),
    ("DK001", "error", f's1._domainkey TXT "v=DKIM1; k=ed25519; p={base64_text(POINT[:31])}"'),
    ("DK001", "error", key("s1._domainkey", f"v=DKIM1; k=ed25519; p={WRAPPED}")),
    ("DK001", "error", key("s1._domainkey", f"k=rsa; p={GOOD}; v=DKIM1")),
    ("DK001", "error", key("s1._domainkey", f"v=DKIM2; p={GOOD}")),
    ("DK001", "error", key("s1._domainkey", f"v=dkim1; p={GOOD}")),
    ("DK001", "error", key("s1._domainkey", f"v=DKIM1; p={GOOD}; p={GOOD}")),
    ("DK001", "error", key("s1._domainkey", f"v=DKIM1; {GOOD}")),
    ("DK001", "error", "s1._domainkey TXT v=DKIM1; k=rsa; p=MIGf"),
    ("DK001", "error", 's1._domainkey TXT "v=DKIM1; k=rsa"'),
    ("DK001", "warning", key("s1._domainkey", f"v=DKIM1; k=dsa; p={GOOD}")),
    ("DK001", "warning", f's1._domainkey TXT "v=DKIM1; k=ed25519; p={EDWARDS.rstrip("=")}"'),
    ("DK001", "warning", key("s1._domainkey", f"v=DKIM1; h=sha1; p={GOOD}")),
    ("DK002", "error", key("s1._domainkey", f"v=DKIM1; p={rsa_text(1023)}")),
    ("DK002", "error", key("s1._domainkey", f"v=DKIM1; p={rsa_text(512)}")),
    ("DK002", "hint", key("s1._domainkey", f"v=DKIM1; p={rsa_text(1024)}")),
    ("DK002", "hint", key("s1._domainkey", f"v=DKIM1; p={rsa_text(2047)}")),
    ("DK006", "error", key("s1.domainkey", f"v=DKIM1; p={GOOD}")),
    ("DK006", "error", key("s1", f"v=DKIM1; p={GOOD}")),
    ("DK006", "error", key("@", f"v=DKIM1; p={GOOD}")),
    ("DK006", "error", key("@", f"k=rsa; p={GOOD}")),
    ("DK006", "error", key("_domainkey", f"v=DKIM1; p={GOOD}")),
    ("DK006", "error", key("s1._domainkeys", f"v=DKIM1; p={GOOD}")),
    ("DK006", "error", key("s1._domainkey.example.com", f"v=DKIM1; p={GOOD}")),
    ("DK006", "error", key("s1._domainkey._domainkey", f"v=DKIM1; p={GOOD}")),
    (
        "DK009",
        "error",
        key("s1._domainkey", f"v=DKIM1; p={GOOD}")
        + "\n"
        + key("s1._domainkey", f"v=DKIM1; k=ed25519; p={EDWARDS}"),
    ),
]

# lines that come close and are right
NEAR_MISSES = [
    key("s1._domainkey", f"v=DKIM1; k=rsa; p={GOOD}"),
    key("s1._domainkey", f"v=DKIM1;p={GOOD};"),
    key("s1._domainkey", f" v = DKIM1 ; p = {GOOD[:70]} {GOOD[70:]}"),
    key("s1._domainkey", f"p={GOOD}"),
    key("s1._domainkey", f"v=DKIM1; h=sha1:sha256; s=email; t=y:s; n=a note; p={GOOD}"),
    key("s1._domainkey", f"v=DKIM1; p={base64_text(rsa_key(2048))}"),
    key("s1._domainkey", f"v=DKIM1; p={rsa_text(4096)}"),
    f's1._domainkey TXT "v=DKIM1; k=ed25519; p={EDWARDS}"',
    's1._domainkey TXT "v=DKIM1; p="',
    's1._domainkey TXT "v=DKIM1; k=rsa; p=;"',
    key("2024.s1._domainkey.www", f"v=DKIM1; p={GOOD}"),
    key("s1._domainkey", f"v=DKIM1; p={GOOD}") + "\n" + key("s2._domainkey", f"p={GOOD}"),
    "s1._domainkey CNAME s1.dkim\n" + key("s1.dkim", f"v=DKIM1; p={GOOD}"),
    '_adsp._domainkey TXT "dkim=all"',
    '_report._domainkey TXT "ra=postmaster; rp=100"',
    '_domainkey TXT "o=~; r=postmaster@example.com"',
    'www TXT "k=1; p=2"',
]


@pytest.mark.parametrize(("code", "level", "lines"), BREAKS)
def test_rule_is_broken(code: str, level: str, lines: str) -> None:
    """A zone that breaks a rule gets a finding of its code, at its level."""
    assert_broken(code, level, lines)


@pytest.mark.parametrize("lines", NEAR_MISSES)
def test_near_miss_is_no_finding(lines: str) -> None:
    """A zone that only looks as if it broke a rule has nothing to say about its keys."""
    assert_clean(lines)

    assert not [each for each in judge_lines(lines) if each.code.startswith("DK")]


@pytest.mark.parametrize(
    ("lines", "fix"),
    [
        (key("s1.domainkey", f"v=DKIM1; p={GOOD}"), "s1._domainkey.example.com."),
        (key("s1", f"v=DKIM1; p={GOOD}"), "s1._domainkey.example.com."),
        (key("s1._domainkey.example.com", f"v=DKIM1; p={GOOD}"), "or s1._domainkey"),
        (f's._domainkey TXT "v=DKIM1; p={EDWARDS}"', "write k=ed25519"),
        (key("s._domainkey", f"v=DKIM1; k=ed25519; p={GOOD}"), "write k=rsa"),
        (
            key("s._domainkey", f"v=DKIM1; k=ed25519; p={WRAPPED}"),
            f"write p={EDWARDS}",
        ),
    ],
)
def test_fix_names_the_right_text(lines: str, fix: str) -> None:
    """The fix is what the writer most likely meant."""
    assert any(fix in each.fix for each in judge_lines(lines) if each.code.startswith("DK"))


@pytest.mark.parametrize("bits", [512, 1023, 1024, 1025, 2048, 4096, 8192])
def test_size_of_a_key(bits: int) -> None:
    """The size is that of the modulus, in both forms of a key."""
    assert read_public_key(rsa_key(bits)) == PublicKey("rsa", bits)
    assert read_public_key(spki(RSA, rsa_key(bits))) == PublicKey("rsa", bits)


def test_key_with_octets_behind_it() -> None:
    """What stands behind a key was not meant to."""
    assert read_public_key(rsa_key(2048) + b"\0") is None
    assert read_public_key(spki(RSA, rsa_key(2048) + b"\0")) is None


@given(st.binary(max_size=400))
def test_any_octets_are_judged(octets: bytes) -> None:
    """Octets that are no key are no key, whatever lengths they claim."""
    found = read_public_key(octets)

    assert found is None or octets[0] == 0x30


@given(st.integers(0, 293), st.integers(0, 255))
def test_a_changed_octet_breaks_nothing(at: int, octet: int) -> None:
    """A key with one octet changed is another key, or none."""
    octets = bytearray(spki(RSA, rsa_key(2048)))
    octets[at] = octet
    found = read_public_key(bytes(octets))

    assert found is None or found.kind == "rsa"


def test_two_keys_are_told_once() -> None:
    """DK009 names every other key."""
    three = "\n".join(
        key("s1._domainkey", f"v=DKIM1; p={rsa_text(2048 + n)}") for n in range(3)
    )
    (found,) = (each for each in judge_lines(three) if each.code == "DK009")

    assert len(found.related) == 2
    assert levels(judge_lines(three), "DK001") == []
