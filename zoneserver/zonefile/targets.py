"""The names that rdata points to: absolute, with the final dot, or an error that helps.

A name with its final dot is taken as it is; whether it can be a host's is the validator's
question. One without it has two readings, so it is refused, and the message shows both.
"""

import ipaddress
import re

from zoneserver.errors import NameSyntaxError
from zoneserver.names import MAX_NAME_OCTETS, ROOT, Name, split_labels
from zoneserver.records import rtypes
from zoneserver.zonefile.nodes import Node, NodeError, Scalar, scalar, show

# Which rule forbids an address as the target of a type; SY013 where none does.
_NO_ADDRESS = {
    rtypes.MX: "MX002",  # RFC 1035 3.3.9
    rtypes.NS: "NS005",  # RFC 1035 3.3.11
    rtypes.CNAME: "CN012",  # RFC 1035 3.3.1
    rtypes.DNAME: "CN012",
    rtypes.SRV: "CN012",  # RFC 2782
}
_NAME_FIXES = {
    "SY001": "a label holds 1 to 63 octets: shorten it, or remove the dot too many",
    "SY002": "shorten the name",
    "SY003": r"write \. for a dot inside a label, \065 for an octet",
    "MX029": "write the name as its A-label (xn--...)",
}
_NUMBER = "(?:0x[0-9a-f]+|[0-9]+)"
_INET_ATON = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{0,3}}", re.IGNORECASE)
_MAX_NAME_TEXT = 4 * MAX_NAME_OCTETS  # with every octet written as \DDD
_PORT = re.compile(r":[0-9]+$")


class Targets:
    """Reads the targets of one zone, each different text once."""

    def __init__(self, origin: Name) -> None:
        self._origin = origin
        self._known: dict[str, Name] = {}

    def read(self, node: Node, rtype: int, what: str) -> Name:
        """The name in a field. Raises NodeError; `what` is the field's name."""
        text = scalar(node, what, "SY003", f"{what}: host.example.com.")
        name = self._known.get(text.text)
        if name is None:
            name = self._known[text.text] = self._parse(text, rtype, what)
        return name

    def _parse(self, node: Scalar, rtype: int, what: str) -> Name:
        text = node.text
        if text == ".":
            return ROOT
        if node.is_null or not text:
            raise NodeError(
                "SY003",
                node,
                f"{what} is empty, where a name is due",
                'write the name with its final dot; "." alone says that there is no such host',
            )
        try:
            labels, absolute = split_name(text)
            name = Name.from_labels(labels)
        except NameSyntaxError as error:
            raise name_problem(node, what, error) from error
        if not absolute:
            raise self._relative(node, rtype, what)
        return name

    def _relative(self, node: Scalar, rtype: int, what: str) -> NodeError:
        """What is wrong with a target that has no final dot."""
        text, type_ = node.text, rtypes.mnemonic(rtype)
        place = f"{type_} {what} {show(text)}"
        if address := spelled_address(text):
            code = _NO_ADDRESS.get(rtype, "SY013")
            as_number = "" if address in text else f", {address} in another spelling"
            return NodeError(
                code,
                node,
                f"{place} is an IP address{as_number}; a name is due here, and nobody finds a"
                " host of that name",
                f"give a host the address, 'mail: {{type: A, value: {address}}}', and write its"
                f" name: mail.{self._origin}",
            )
        if fault := _no_host(text, is_mail=rtype == rtypes.MX):
            reason, fix = fault
            code = "MX014" if rtype == rtypes.MX else "SY013"
            return NodeError(code, node, f"{place} is no host name: {reason}", fix)
        below = f"{text}.{self._origin}" if self._origin != ROOT else f"{text}."
        guess = f"{text}." if "." in text else below
        return NodeError(
            "MX020" if rtype == rtypes.MX else "SY013",
            node,
            f"{place} has no final dot: did you mean {show(text + '.')} or, below this zone,"
            f" {show(below)}?",
            f"write {guess[:300]}",
        )


def split_name(text: str) -> tuple[list[bytes], bool]:
    """As `split_labels`, but never at the cost of a text that is no name anyway."""
    if len(text) > _MAX_NAME_TEXT:
        raise NameSyntaxError(f"the name has {len(text)} characters", "SY002")
    return split_labels(text)


def name_problem(node: Node, what: str, error: NameSyntaxError) -> NodeError:
    """The finding about a text that is no name."""
    fix = _NAME_FIXES.get(error.code, "")
    return NodeError(error.code, node, f"{what} is no name: {error}", fix)


def read_mailbox(node: Node, targets: Targets, what: str) -> Name:
    """A mailbox, as user@host or in the DNS form. Raises NodeError."""
    text = scalar(node, what, "SY003", f"{what}: hostmaster@example.com")
    local, at, host = text.text.rpartition("@")
    if not at or local.endswith("\\"):
        return targets.read(text, rtypes.SOA, what)
    try:
        labels, _ = split_name(host)
        # RFC 1035 8: the local part becomes one label, whatever dots it has.
        return Name.from_labels([local.replace("\\.", ".").encode(), *labels])
    except NameSyntaxError as error:
        raise name_problem(text, what, error) from error


def spelled_address(text: str) -> str:
    """The IP address that a text spells, also as inet_aton takes it; empty if none."""
    text = text.strip("[]").removeprefix("IPv6:")
    if len(text) > 64:
        return ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return _shortened(text)


def _shortened(text: str) -> str:
    """The IPv4 address in one to four numbers, decimal, octal or hexadecimal."""
    if not _INET_ATON.fullmatch(text):
        return ""
    numbers = []
    for part in text.lower().split("."):
        octal = part.startswith("0") and part.isdigit() and set(part).isdisjoint("89")
        numbers.append(int(part, 8 if octal else 16 if part.startswith("0x") else 10))
    *firsts, last = numbers
    if any(first > 255 for first in firsts) or last >= 256 ** (4 - len(firsts)):
        return ""
    return str(ipaddress.IPv4Address(bytes(firsts) + last.to_bytes(4 - len(firsts), "big")))


def _no_host(text: str, *, is_mail: bool) -> tuple[str, str] | None:
    """Why a text is something else than a name, and what to write."""
    if "://" in text or text.endswith("/"):
        return "it is a URL or a path; a host name is due", "write the host name only"
    if "@" in text:
        mailbox, _, host = text.rpartition("@")
        advice = (
            f"; an MX cannot forward to {mailbox[:64]}@, it names a machine" if is_mail else ""
        )
        return f"it is a mailbox{advice}", f"write the host, such as {host[:64] or 'mail'}."
    if _PORT.search(text):
        advice = "; SMTP between servers is always port 25" if is_mail else ""
        host = _PORT.sub("", text)
        return f"it carries a port{advice}", f"write the host name only: {host[:64]}."
    if any(each.isspace() for each in text):
        return "it holds a blank", "write the host name without blanks"
    return None
