"""Master files of the plainest kind: one record on a line, as copies of zones are written.

    mail.example.com.<tab>300<tab>IN<tab>A<tab>192.0.2.25

Nearly all lines of a copy are like this one. The types that zones are made of are read here, in
the spelling that they are written in; all other lines are left to the reader of master files,
and so is the whole file where that finds anything.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from zoneserver.errors import ZoneserverError
from zoneserver.findings import Mark
from zoneserver.names import MAX_NAME_OCTETS, ROOT, Name
from zoneserver.records.fields import Token
from zoneserver.records.rdata import AAAA, CNAME, MX, NS, PTR, TXT, A, Rdata
from zoneserver.records.rrset import Record
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.signed_lines import LineReader
from zoneserver.zonefile.source import ZoneSource

MOST_NAMES = 10_000  # that are remembered, as they come again and again
MAX_TTL = 2**31 - 1  # RFC 2181 8

_LABEL = re.compile(r"[A-Za-z0-9_*/-]{1,63}")
_STRING = re.compile(r'"([ !#-\[\]-~]{0,255})"')
_STRINGS = re.compile(rf"{_STRING.pattern}(?: {_STRING.pattern})*")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")
_HOSTS: dict[str, type[A | AAAA]] = {"A": A, "AAAA": AAAA}
_POINTERS: dict[str, type[NS] | type[CNAME] | type[PTR]] = {
    "NS": NS,
    "CNAME": CNAME,
    "PTR": PTR,
}
# A line that begins with a blank, or goes on in the next one, depends on lines around it.
_DEPENDENT = re.compile(rb"^[ \t]+[^ \t\n;]|[()]", re.MULTILINE)


class _NotPlainError(ZoneserverError):
    """A line that is left to the reader of master files."""


def read_lines(file: str, octets: bytes, origin: Name) -> ZoneSource:
    """Read the copy of a zone. What it says is what `read_master_zone` would have it say.

    The records of lines that are read here come first.
    """
    reader = _LineReader(file)
    rest = reader.read(octets.decode("latin-1")).encode("latin-1")
    source = None if _DEPENDENT.search(rest) else read_master_zone(file, rest, origin, _refuse)
    if source is None or source.findings:  # which may be about the lines in between, too
        return read_master_zone(file, octets, origin, _refuse)
    return replace(source, records=(*reader.records, *source.records))


class _LineReader:
    """Reads lines; `records` are what they say."""

    def __init__(self, file: str) -> None:
        self.records: list[Record] = []
        self._file = file
        self._names: dict[str, Name] = {}
        self._of_signed_zones = LineReader(self._name).kinds

    def read(self, text: str) -> str:
        """Take in what is plain. Returns the rest, in which all lines have their numbers."""
        rest: list[str] = []
        for number, line in enumerate(text.split("\n"), 1):
            fields = line.split("\t")
            try:
                if len(fields) != 5 or fields[2] != "IN":
                    raise _NotPlainError
                self.records.append(self._read_record(fields, number, line))
            except ZoneserverError:
                rest.append(line)
            else:
                rest.append("")
        return "\n".join(rest)

    def _read_record(self, fields: Sequence[str], number: int, line: str) -> Record:
        """The record of one line. Raises ZoneserverError."""
        owner, ttl, _, rtype, text = fields
        if not _NUMBER.fullmatch(ttl) or int(ttl) > MAX_TTL:
            raise _NotPlainError
        rdata = self._read_rdata(rtype, text)
        # Of an MX it is the exchange that people look for.
        shown = text.partition(" ")[2] if isinstance(rdata, MX) else text
        mark = Mark(self._file, number, len(line) - len(shown) + 1)
        return Record(self._name(owner), rdata.rtype, int(ttl), rdata, mark)

    def _read_rdata(self, rtype: str, text: str) -> Rdata:
        if (host := _HOSTS.get(rtype)) is not None:
            return host(host.layout[0].parse(Token(text), None))
        if (pointer := _POINTERS.get(rtype)) is not None:
            return pointer(self._name(text))
        if rtype == "MX":
            preference, _, exchange = text.partition(" ")
            if _NUMBER.fullmatch(preference) and int(preference) < 1 << 16:
                return MX(int(preference), self._name(exchange))
        if rtype == "TXT" and _STRINGS.fullmatch(text):
            return TXT(tuple(string.encode() for string in _STRING.findall(text)))
        if (read := self._of_signed_zones.get(rtype)) is not None and (rdata := read(text)):
            return rdata
        raise _NotPlainError

    def _name(self, text: str) -> Name:
        """The name that a text is, label by label: most names are below one that is known."""
        name = self._names.get(text)
        if name is None:
            label, _, above = text.partition(".")
            if len(text) > MAX_NAME_OCTETS or not _LABEL.fullmatch(label):
                raise _NotPlainError
            parent = self._name(above) if above else ROOT
            wire = b"%c%b%b" % (len(label), label.encode(), parent.wire)
            if len(wire) > MAX_NAME_OCTETS or not text.endswith("."):
                raise _NotPlainError
            if len(self._names) >= MOST_NAMES:
                self._names.clear()
            name = self._names[text] = Name(wire)
        return name


def _refuse(path: str) -> bytes:
    """A copy of ours names no other file."""
    raise OSError(f"{path} is not read from a copy")
