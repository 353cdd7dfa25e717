"""Which zone a master file is about, where nobody says."""

from contextlib import suppress

from zoneserver.errors import NameSyntaxError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.zonefile.entry import read_head
from zoneserver.zonefile.lexer import EntryError, Line, Page


def origin_of(page: Page) -> Name | None:
    """The owner of the first SOA, else the first $ORIGIN, else None."""
    origin = first = owner = None
    for line in page.lines():
        if line.faults:
            continue
        if line.tokens[0].text.upper() == "$ORIGIN" and not line.indented:
            if len(line.tokens) > 1:
                origin = _find_name(line.tokens[1].text, origin)
                first = first or origin
            continue
        if not line.indented:
            owner = _find_name(line.tokens[0].text, origin)
        if _is_soa(line) and (found := owner or origin):
            return found
    return first


def _find_name(text: str, origin: Name | None) -> Name | None:
    with suppress(NameSyntaxError):
        return Name.parse(text, origin)
    return None


def _is_soa(line: Line) -> bool:
    with suppress(EntryError):
        return read_head(line, 0 if line.indented else 1).rtype == rtypes.SOA
    return False
