"""`$dnssec`: whether a zone is signed, and how."""

from zoneserver.records import rtypes
from zoneserver.zonefile.nodes import Mapping, Node, NodeError, Scalar, mapping, scalar, show
from zoneserver.zonefile.report import did_you_mean
from zoneserver.zonefile.scalars import NO, YES
from zoneserver.zonefile.source import Dnssec

DNSSEC_KEYS = {
    "algorithm": "what signs",
    "nsec3": "true: names that are not there are proven by hashes",
    "opt_out": "true: with nsec3, delegations without a DS are left out",
}
# By the number that the DNS knows each by (RFC 8624 3.1).
ALGORITHMS = {"RSASHA256": 8, "ECDSAP256SHA256": 13, "ED25519": 15, "ED448": 16}
DEFAULT_ALGORITHM = "ECDSAP256SHA256"
# What signing makes, and nobody has to write.
MADE = frozenset(
    {rtypes.RRSIG, rtypes.NSEC, rtypes.DNSKEY, rtypes.NSEC3, rtypes.NSEC3PARAM, rtypes.CDS,
     rtypes.CDNSKEY, rtypes.ZONEMD}
)  # fmt: skip
_EXAMPLE = "$dnssec: true"


def read_dnssec(key: Scalar, node: Node) -> Dnssec | None:
    """What the directive says; None: the zone is not signed. Raises NodeError."""
    if type(node) is not Mapping:
        return Dnssec(key.mark, ALGORITHMS[DEFAULT_ALGORITHM]) if read_flag(node, key) else None
    algorithm, flags = DEFAULT_ALGORITHM, {"nsec3": False, "opt_out": False}
    for name, value in mapping(node, "$dnssec", _EXAMPLE).pairs:
        if name.text == "algorithm":
            algorithm = _read_algorithm(value)
        elif name.text in flags:
            flags[name.text] = read_flag(value, name)
        else:
            fix = did_you_mean(name.text, DNSSEC_KEYS) or f"write {_EXAMPLE}"
            raise NodeError("SY008", name, f"$dnssec has no key {show(name.text)}", fix)
    if flags["opt_out"] and not flags["nsec3"]:
        reason = "opt_out is a way of nsec3, which is not asked for"
        raise NodeError("SY008", node, reason, "write nsec3: true beside it, or remove it")
    return Dnssec(key.mark, ALGORITHMS[algorithm], flags["nsec3"], flags["opt_out"])


def _read_algorithm(node: Node) -> str:
    text = scalar(node, "algorithm", example=f"algorithm: {DEFAULT_ALGORITHM}")
    name = text.text.upper()
    if name not in ALGORITHMS:
        fix = f"write one of {', '.join(ALGORITHMS)}"
        raise NodeError(
            "SY008", text, f"{show(text.text)} is no algorithm that signs here", fix
        )
    return name


def read_flag(node: Node, key: Scalar, example: str = _EXAMPLE) -> bool:
    """True or false. Raises NodeError."""
    text = scalar(node, key.text, example=example)
    word = text.text.lower()
    if word not in YES | NO:
        reason = f"{key.text} is {show(text.text)}, which is neither true nor false"
        raise NodeError("SY008", text, reason, "write true or false")
    return word in YES
