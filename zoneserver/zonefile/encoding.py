"""The octets of a YAML file: UTF-8, and nothing in it that an editor would not show."""

import re

from zoneserver.zonefile.nodes import Node, NodeError

MAX_FILE_OCTETS = 128 << 20  # a million records take half of it

_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
# Controls; a CR without its LF; the line ends that only YAML 1.1 knows; a BOM inside.
_FORBIDDEN = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
)


def decode_text(file: str, octets: bytes) -> str:
    """The text of a file. Raises NodeError, which names line, column and octet."""
    if len(octets) > MAX_FILE_OCTETS:
        raise NodeError(
            "SY010",
            Node(file, 0, 0),
            f"the file has {len(octets)} octets; {MAX_FILE_OCTETS >> 20} MB is the most",
            "split the zone into several files",
        )
    if octets.startswith(_UTF16_BOMS) or octets[:4].count(0) >= 2:
        raise NodeError(
            "SY008",
            Node(file, 0, 0),
            "the file is UTF-16 or UTF-32, as its octets at byte offset 0 show; a zone file is"
            " UTF-8",
            "save it as UTF-8",
        )
    start = len(_BOM) if octets.startswith(_BOM) else 0
    try:
        text = octets[start:].decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(file, octets, start + error.start) from error
    if match := _FORBIDDEN.search(text):
        raise _forbidden(file, text, match.start(), start)
    return text


def _not_utf8(file: str, octets: bytes, offset: int) -> NodeError:
    return NodeError(
        "SY008",
        _place(file, octets[:offset].decode().removeprefix("\ufeff")),
        f"the octet 0x{octets[offset]:02X} at byte offset {offset} is not UTF-8",
        "save the file as UTF-8, not as Latin-1 or Windows-1252",
    )


def _forbidden(file: str, text: str, at: int, start: int) -> NodeError:
    offset = start + len(text[:at].encode())
    if text[at] == "\r":
        what, fix = "a carriage return without a line feed", "save it with Unix line ends (LF)"
    else:
        what = f"the control character U+{ord(text[at]):04X}"
        fix = r'remove it; in double quotes, "\x07" writes such a character'
    return NodeError(
        "SY008",
        _place(file, text[:at]),
        f"{what} at byte offset {offset} cannot stand in a zone file: editors do not show it",
        fix,
    )


def _place(file: str, before: str) -> Node:
    """The place behind the text `before`."""
    return Node(file, before.count("\n"), len(before) - before.rfind("\n") - 1)
