"""`$dnssec`: whether a zone is signed, and how."""

import re

from zoneserver.records import rtypes
from zoneserver.records.algorithms import NUMBERS
from zoneserver.zonefile.nodes import Mapping, Node, NodeError, Scalar, mapping, scalar, show
from zoneserver.zonefile.report import did_you_mean
from zoneserver.zonefile.scalars import NO, YES
from zoneserver.zonefile.source import Dnssec

DNSSEC_KEYS = {
    "policy": "the name of a policy in the configuration, from which the rest is",
    "algorithm": "what signs",
    "nsec3": "true: names that are not there are proven by hashes",
    "opt_out": "true: with nsec3, delegations without a DS are left out",
}
POLICY_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})"
# What signing makes, and nobody has to write.
MADE = frozenset(
    {rtypes.RRSIG, rtypes.NSEC, rtypes.DNSKEY, rtypes.NSEC3, rtypes.NSEC3PARAM, rtypes.CDS,
     rtypes.CDNSKEY, rtypes.ZONEMD}
)  # fmt: skip
_EXAMPLE = "$dnssec: true"


def is_word(text: str) -> bool:
    """Whether it says yes or no, in one of the ways of YAML."""
    return text.lower() in YES | NO


def read_dnssec(key: Scalar, node: Node) -> Dnssec | None:
    """What the directive says; None: the zone is not signed. Raises NodeError."""
    if type(node) is not Mapping:
        return _read_word(node, key)
    policy, algorithm = "", None
    flags: dict[str, bool | None] = {"nsec3": None, "opt_out": None}
    for name, value in mapping(node, "$dnssec", _EXAMPLE).pairs:
        if name.text == "policy":
            policy = _read_policy(value)
        elif name.text == "algorithm":
            algorithm = _read_algorithm(value)
        elif name.text in flags:
            flags[name.text] = read_flag(value, name)
        else:
            fix = did_you_mean(name.text, DNSSEC_KEYS) or f"write {_EXAMPLE}"
            raise NodeError("SY008", name, f"$dnssec has no key {show(name.text)}", fix)
    if flags["opt_out"] and not flags["nsec3"] and not policy:
        reason = "opt_out is a way of nsec3, which is not asked for"
        raise NodeError("SY008", node, reason, "write nsec3: true beside it, or remove it")
    return Dnssec(key.mark, policy, algorithm, flags["nsec3"], flags["opt_out"])


def _read_word(node: Node, key: Scalar) -> Dnssec | None:
    """Yes, no, or the name of a policy."""
    text = scalar(node, key.text, example=_EXAMPLE)
    if is_word(text.text):
        return Dnssec(key.mark) if text.text.lower() in YES else None
    return Dnssec(key.mark, _read_policy(node))


def _read_policy(node: Node) -> str:
    text = scalar(node, "policy", example=_EXAMPLE)
    if is_word(text.text) or not re.fullmatch(POLICY_NAME, text.text):
        reason = f"{show(text.text)} is neither true nor false, nor the name of a policy"
        raise NodeError(
            "SY008", text, reason, "write true, or a name that the configuration has"
        )
    return text.text


def _read_algorithm(node: Node) -> int:
    text = scalar(node, "algorithm", example="algorithm: ECDSAP256SHA256")
    name = text.text.upper()
    if name not in NUMBERS:
        fix = f"write one of {', '.join(NUMBERS)}"
        raise NodeError(
            "SY008", text, f"{show(text.text)} is no algorithm that signs here", fix
        )
    return NUMBERS[name]


def read_flag(node: Node, key: Scalar, example: str = _EXAMPLE) -> bool:
    """True or false. Raises NodeError."""
    text = scalar(node, key.text, example=example)
    word = text.text.lower()
    if word not in YES | NO:
        reason = f"{key.text} is {show(text.text)}, which is neither true nor false"
        raise NodeError("SY008", text, reason, "write true or false")
    return word in YES
