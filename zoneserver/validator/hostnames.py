"""What is no host name: addresses, ports, mailboxes and URLs where a name is due."""

import ipaddress
import re

from zoneserver.names import Name, label_text

# RFC 1123 2.1: letters, digits and inner hyphens.
_HOST_LABEL = re.compile(rb"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")


def as_written(name: Name, origin: Name) -> str:
    """A name the way its writer saw it: without the origin that the reader put behind it."""
    return name.relative_to(origin) if name != origin and name.is_below(origin) else str(name)


def find_address(name: Name, origin: Name) -> str | None:
    """The IP address that a name spells, or None.

    An address without the final dot has the origin behind it; one with it has not. Also
    the shorter forms that resolvers' inet_aton takes: `192.0.537`, `3221226009`.
    """
    first = name.wire[1 : 1 + name.wire[0]]
    if not (first[:1].isdigit() or b":" in first or first[:1] == b"["):
        return None  # nearly every name: an address begins with a digit, or holds a colon
    text = as_written(name, origin).rstrip(".").replace("\\", "").strip("[]")
    text = text.removeprefix("IPv6:")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return _shortened(text)


def _shortened(text: str) -> str | None:
    """The IPv4 address that one to four numbers stand for, as inet_aton reads them."""
    parts = text.split(".")
    if len(parts) > 4 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    *firsts, last = (int(part[:11]) for part in parts)
    if any(first > 255 for first in firsts) or last >= 256 ** (4 - len(firsts)):
        return None
    packed = bytes(firsts) + last.to_bytes(4 - len(firsts), "big")
    return str(ipaddress.IPv4Address(packed))


def find_fault(name: Name, origin: Name) -> tuple[str, str] | None:
    """Why a name cannot be a host's, and what to write; None for a sound one."""
    labels = name.labels
    if all(map(_HOST_LABEL.fullmatch, labels)) and not (labels and labels[-1].isdigit()):
        return None
    text = as_written(name, origin).rstrip(".").replace("\\", "")
    if "://" in text or "/" in text:
        return "it is a URL or a path; a host name is due", "write the host name only"
    if "@" in text:
        mailbox, _, host = text.partition("@")
        return (
            f"it is a mailbox; an MX names a machine and cannot forward to {mailbox}@",
            f"write the host that takes the mail, such as {host or 'mail'}",
        )
    if re.search(r":[0-9]+(\.|$)", text):
        return (
            "it carries a port; SMTP between servers is always port 25",
            "write the host name only",
        )
    for label in labels:
        if not _HOST_LABEL.fullmatch(label):
            return _label_fault(label)
    return f"its last label {label_text(labels[-1])} is a number", "write the full name"


def _label_fault(label: bytes) -> tuple[str, str]:
    """What is wrong with one label."""
    text = label_text(label)
    if label == b"*":
        return "an asterisk matches questions, it is no host", "name one host"
    if b"_" in label:
        return (
            f"the label {text} has an underscore, which no host name may have",
            f"rename the host, for example to {text.replace('_', '-').strip('-')}",
        )
    if label.startswith(b"-") or label.endswith(b"-"):
        return f"the label {text} starts or ends with a hyphen", "write the host's real name"
    if b" " in label or b"\t" in label:
        return f"the label {text} holds a blank", "write the host name without blanks"
    return f"the label {text} is not made of letters, digits and hyphens", "write the host name"
