"""Changes to the text of a file, each with what must stand there: all of them, or none."""

from collections.abc import Iterable
from dataclasses import dataclass

from zoneserver.errors import ZoneserverError
from zoneserver.zonefile.encoding import decode_text
from zoneserver.zonefile.nodes import NodeError

_BOM = b"\xef\xbb\xbf"


class EditError(ZoneserverError):
    """A file does not read as an edit expects, or two edits touch the same text."""


@dataclass(frozen=True, slots=True)
class Edit:
    """The text `old` at an offset of a file, counted in characters, becomes `new`."""

    file: str
    at: int
    old: str
    new: str


def apply_edits(file: str, octets: bytes, edits: Iterable[Edit]) -> bytes:
    """The file with all its edits; every octet outside of them stays. Raises EditError."""
    try:
        text = decode_text(file, octets)
    except NodeError as error:
        raise EditError(f"{file} cannot be read: {error.reason}") from error
    pieces: list[str] = []
    end = 0
    for edit in sorted(edits, key=lambda each: each.at):
        if edit.at < end:
            raise EditError(f"two edits of {file} touch the same text")
        if not text.startswith(edit.old, edit.at):
            raise EditError(f"{file} does not have {edit.old!r} where it is expected")
        pieces += (text[end : edit.at], edit.new)
        end = edit.at + len(edit.old)
    bom = _BOM if octets.startswith(_BOM) else b""
    return bom + "".join((*pieces, text[end:])).encode()
