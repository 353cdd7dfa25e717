"""DKIM keys (RFC 6376 3.6.1, RFC 8463): their text, their size, their place."""

import base64
import binascii
import re
from collections.abc import Iterator

from zoneserver.findings import Finding, Level
from zoneserver.names import Name
from zoneserver.validator.policy.der import PublicKey, read_public_key
from zoneserver.validator.policy.places import is_alias_target, is_doubled, without_doubling
from zoneserver.validator.policy.survey import Survey
from zoneserver.validator.policy.tags import Tags, parse_tags
from zoneserver.validator.policy.texts import Kind, PolicyText

_MIN_BITS, _GOOD_BITS = 1024, 2048  # RFC 8301 3.2
_ED25519_OCTETS = 32  # RFC 8463 4
# Names below _domainkey that hold no key: RFC 5617 4.1, RFC 6651 3.
_NO_SELECTORS = (b"_adsp", b"_report")


def check_keys(survey: Survey) -> Iterator[Finding]:
    """DK001, DK002, DK009: the keys at their selectors."""
    for owner, texts in survey.at_place(Kind.DKIM).items():
        if owner.labels[0].lower() in _NO_SELECTORS:
            continue
        first, *others = texts
        if others:
            yield others[0].finding(
                "DK009",
                f"there are {len(texts)} keys at this selector; receivers take either, and"
                " every other signature fails",
                "keep one, and give the other a selector of its own",
                related=tuple((text.mark, "another key") for text in (first, *others[1:])),
            )
        for text in texts:
            if not text.hidden:
                yield from _check_key(text)


def check_places(survey: Survey) -> Iterator[Finding]:
    """DK006: keys where no receiver looks for them."""
    for text in survey.of_kind(Kind.DKIM):
        owner, origin = text.owner, survey.zone.origin
        if is_doubled(owner, origin):
            yield text.finding(
                "DK006",
                f"the name has {origin} twice, because a final dot is missing; receivers find"
                " no key, and every signature fails",
                f"write {without_doubling(owner, origin)} with the final dot, or"
                f" {without_doubling(owner, origin).relative_to(origin)}",
            )
        elif owner.key.count(b"\x0a_domainkey") > 1:
            yield text.finding(
                "DK006",
                "the name has _domainkey twice; receivers find no key, and every signature"
                " fails",
                "write <selector>._domainkey in front of the domain, once",
            )
        elif text.place is not Kind.DKIM and not is_alias_target(survey, owner):
            yield text.finding(
                "DK006",
                "receivers look for keys at <selector>._domainkey in front of the domain; they"
                " find none, and every signature fails",
                f"move it to {_meant(owner, origin)}",
            )


def _meant(owner: Name, origin: Name) -> str:
    """The name that a key was probably to stand at."""
    labels = [label.decode("ascii", "replace") for label in owner.labels]
    for position, label in enumerate(labels):
        if re.fullmatch(r"_?domain_?keys?_?", label, re.IGNORECASE):
            selector = labels[:position] or ["<selector>"]
            return ".".join([*selector, "_domainkey", *labels[position + 1 :], ""])
    below = owner != origin and owner.is_below(origin)
    selector = [owner.relative_to(origin)] if below else ["<selector>"]
    return ".".join([*selector, "_domainkey", str(origin)])


def _check_key(text: PolicyText) -> Iterator[Finding]:
    """DK001: what receivers read, or fail to read (RFC 6376 3.6.1)."""
    tags = parse_tags(text.text)
    lost = "receivers find no key, and every signature fails"
    for piece in tags.junk:
        yield text.finding(
            "DK001", f"{piece[:40]} is no tag=value; {lost}", "write v=DKIM1; k=rsa; p=..."
        )
    for name in tags.repeated:
        yield text.finding("DK001", f"the tag {name} stands twice; {lost}", f"keep one {name}=")
    version = tags.find("v")
    if version is not None and (tags.pairs[0][0] != "v" or version != "DKIM1"):
        yield text.finding(
            "DK001",
            f"v={version} is not the first tag, or not v=DKIM1; {lost}",
            "begin the text with v=DKIM1;",
        )
    hashes = tags.find("h")
    if hashes is not None and "sha256" not in re.split(r"[\s:]+", hashes.lower()):
        yield text.finding(
            "DK001",
            f"h={hashes} leaves out sha256, the one hash that receivers accept (RFC 8301 3.1)",
            "delete h=",
            level=Level.WARNING,
        )
    if "p" not in [name for name, _ in tags.pairs]:
        cut = " (was the text cut at an unquoted semicolon?)" if len(tags.pairs) == 1 else ""
        yield text.finding(
            "DK001", f"there is no p=, so there is no key{cut}; {lost}", "add p= and the key"
        )
        return
    yield from _check_key_data(text, tags, lost)


def _check_key_data(text: PolicyText, tags: Tags, lost: str) -> Iterator[Finding]:
    kind = (tags.find("k") or "rsa").lower()
    data = re.sub(r"\s", "", tags.find("p") or "")
    if kind not in ("rsa", "ed25519"):
        yield text.finding(
            "DK001",
            f"k={kind} is no type of key that receivers know; they pass over the key",
            "write k=rsa or k=ed25519",
            level=Level.WARNING,
        )
        return
    if not data:
        return  # RFC 6376 3.6.1: the key is revoked
    try:
        octets = base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
    except (ValueError, binascii.Error):
        bad = next((each for each in data if not re.match(r"[A-Za-z0-9+/=]", each)), "")
        what = (
            f"p= holds {bad!r}, which no base64 has"
            if bad
            else "p= is cut off, or was typed wrongly"
        )
        yield text.finding("DK001", f"{what}; {lost}", "copy the key anew")
        return
    if len(data) % 4:
        yield text.finding(
            "DK001",
            "p= lacks its = at the end; strict receivers find no key",
            f"write {'=' * (-len(data) % 4)} behind it",
            level=Level.WARNING,
        )
    yield from (_check_ed25519 if kind == "ed25519" else _check_rsa)(text, octets, lost)


def _check_ed25519(text: PolicyText, octets: bytes, lost: str) -> Iterator[Finding]:
    if len(octets) == _ED25519_OCTETS:
        return
    wrapped = read_public_key(octets)
    fix = "copy the key anew"
    if wrapped and wrapped.kind == "ed25519":
        fix = f"write p={base64.b64encode(wrapped.octets).decode()}"
    elif wrapped:
        fix = "write k=rsa: the key is one"
    yield text.finding(
        "DK001",
        f"p= has {len(octets)} octets, and an Ed25519 key {_ED25519_OCTETS} (RFC 8463 4);"
        f" {lost}",
        fix,
    )


def _check_rsa(text: PolicyText, octets: bytes, lost: str) -> Iterator[Finding]:
    key = read_public_key(octets)
    if key is None or key.kind != "rsa":
        ed25519 = len(octets) == _ED25519_OCTETS or (key is not None and key.kind == "ed25519")
        yield text.finding(
            "DK001",
            f"p= is no RSA key (cut off, or another type?); {lost}",
            "write k=ed25519" if ed25519 else "copy the key anew",
        )
        return
    yield from _check_size(text, key)


def _check_size(text: PolicyText, key: PublicKey) -> Iterator[Finding]:
    """DK002: RFC 8301 3.2."""
    if key.bits < _MIN_BITS:
        yield text.finding(
            "DK002",
            f"the RSA key has {key.bits} bits; receivers refuse keys under {_MIN_BITS}, and"
            " every signature fails",
            f"make a key of {_GOOD_BITS} bits",
        )
    elif key.bits < _GOOD_BITS:
        yield text.finding(
            "DK002",
            f"the RSA key has {key.bits} bits; {_GOOD_BITS} is what receivers like to see",
            f"make a key of {_GOOD_BITS} bits, under a new selector",
            level=Level.HINT,
        )
