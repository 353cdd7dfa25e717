"""Master files (RFC 1035 5.1) to a zone source: records with marks, and findings.

Reading never fails. An entry that cannot be read becomes a finding and its owner is noted
as unreadable; the next entry goes on. Beside the RFC's own directives there are $TTL
(RFC 2308 4) and BIND's $GENERATE.
"""

from collections.abc import Callable
from dataclasses import dataclass

from zoneserver.findings import Finding, Mark, make_finding
from zoneserver.names import ROOT, Name
from zoneserver.records.rrset import Record
from zoneserver.zonefile.entry import find_mailbox, read_head, read_name, read_rdata
from zoneserver.zonefile.generate import MAX_ENTRIES, generate
from zoneserver.zonefile.lexer import EntryError, Line, Page
from zoneserver.zonefile.origin import origin_of
from zoneserver.zonefile.source import Include, ZoneSource
from zoneserver.zonefile.ttls import NO_TTL, fill_in, read_ttl

MAX_INCLUDE_DEPTH = 16
MAX_INCLUDES = 1000
MAX_MESSAGE = 400  # signs of a reason or a fix, which may quote the file


def read_master_zone(
    file: str, octets: bytes, origin: Name | None, include: Include
) -> ZoneSource:
    """Read a master file, and the files it includes, as the zone `origin`.

    Without an origin it is the one that `find_origin` finds. `file` is what marks call the
    file; `include` reads the files of `$INCLUDE`.
    """
    page = Page(file, octets)
    origin = origin or origin_of(page)
    if origin is None and not page.binary:
        finding = make_finding(
            "SY003",
            Mark(file, 1, 1),
            "nothing says which zone this is: no $ORIGIN, and no SOA with an absolute owner",
            "write $ORIGIN example.com. as the first line, or say the origin: --origin",
        )
        return ZoneSource(ROOT, (), (finding,))
    reader = _Reader(origin or ROOT, include)
    reader.read(_Place(page, (file,), origin or ROOT))
    return reader.source()


def find_origin(octets: bytes) -> Name | None:
    """The zone that a master file is about: its SOA's owner, else its first $ORIGIN."""
    return origin_of(Page("", octets))


@dataclass(slots=True)
class _Place:
    """Where the reader is: the page, the files that led to it, what is in force there.

    `owner_stated` says whether entries that begin with a blank have an owner to belong to;
    the `owner` is None where that one could not be read. Entries that depend on an unknown
    owner or origin are read for their mistakes, but not kept.
    """

    page: Page
    files: tuple[str, ...]
    origin: Name
    origin_known: bool = True
    owner: Name | None = None
    owner_stated: bool = False


class _Reader:
    """Reads pages into one zone; lives as long as one call of `read_master_zone`."""

    def __init__(self, zone: Name, include: Include) -> None:
        self._zone = zone
        self._include_octets = include
        self._includes_left = MAX_INCLUDES
        self._generated_left = MAX_ENTRIES
        self._place: _Place
        self._records: list[Record] = []
        self._findings: list[Finding] = []
        self._unreadable: set[Name] = set()
        self._default_ttl: int | None = None
        self._last_ttl: int | None = None
        self._directives: dict[str, Callable[[Line], None]] = {
            "$ORIGIN": self._origin,
            "$TTL": self._ttl,
            "$INCLUDE": self._include,
            "$GENERATE": self._generate,
        }

    def read(self, place: _Place) -> None:
        """Read one page, and what it includes."""
        self._place = place
        if place.page.binary:
            self._add("SY009", *place.page.binary)
        for line in place.page.lines():
            first = line.tokens[0] if line.tokens else None
            directive = bool(first and first.text.startswith("$") and not line.indented)
            try:
                if line.faults:
                    self._give_up(line, directive=directive)
                elif directive:
                    self._direct(line)
                else:
                    self._entry(line)
            except EntryError as wrong:
                owner = None if directive else place.owner
                self._add(wrong.code, wrong.at, str(wrong), wrong.fix, owner)

    def source(self) -> ZoneSource:
        """All that was read, with the TTLs that only the whole file can tell."""
        records, findings = fill_in(self._records, self._zone)
        return ZoneSource(
            self._zone,
            records,
            (*self._findings, *findings),
            unreadable=frozenset(self._unreadable),
        )

    def _entry(self, line: Line) -> None:
        at = self._read_owner(line)
        place = self._place
        try:
            head = read_head(line, at)
            if head.ttl is not None:
                self._last_ttl = head.ttl
            if mailbox := find_mailbox(line, head):
                self._add("NS012", *mailbox, place.owner)
            rdata, start = read_rdata(line, head, place.origin)
        except EntryError:
            self._lose_owner()
            raise
        if place.owner is None or not place.origin_known:
            return
        ttl = head.ttl
        if ttl is None:  # RFC 2308 4: $TTL; RFC 1035 5.1: else the last stated one
            ttl = self._last_ttl if self._default_ttl is None else self._default_ttl
        mark = place.page.mark(start)
        self._records.append(
            Record(place.owner, head.rtype, NO_TTL if ttl is None else ttl, rdata, mark)
        )

    def _read_owner(self, line: Line) -> int:
        """Note the entry's owner; returns the index of the token behind it."""
        place = self._place
        if not line.indented:
            place.owner, place.owner_stated = None, True
            place.owner = read_name(line.tokens[0], line.starts[0], place.origin)
            return 1
        if not place.owner_stated:
            place.owner_stated = True  # say it once
            self._unreadable.add(self._zone)
            raise EntryError(
                "SY003",
                line.starts[0],
                "the entry begins with a blank and so belongs to the owner above it; there is"
                " none yet",
                "write the owner in the first column; @ is the zone itself",
            )
        return 0

    def _lose_owner(self) -> None:
        if self._place.owner is not None and self._place.origin_known:
            self._unreadable.add(self._place.owner)

    def _give_up(self, line: Line, *, directive: bool) -> None:
        """Report the faults of a line; its owner still holds for the lines below."""
        place = self._place
        for fault in line.faults:
            self._add("SY003", *fault)
        if directive:
            place.origin_known = place.origin_known and line.tokens[0].text.upper() != "$ORIGIN"
        elif line.indented or not line.tokens:
            self._lose_owner()
        else:
            place.owner, place.owner_stated = None, True
            if min(line.faults).at > line.starts[0] + len(line.tokens[0].text):
                self._read_owner(line)
                self._lose_owner()

    def _direct(self, line: Line) -> None:
        word = line.tokens[0].text
        directive = self._directives.get(word.upper())
        if directive is None:
            raise EntryError(
                "SY003",
                line.starts[0],
                f"{word[:40]} is no directive that is read here",
                f"there are {', '.join(self._directives)}; an owner that begins with $ is"
                r" written \$",
            )
        directive(line)

    def _origin(self, line: Line) -> None:
        place = self._place
        known, place.origin_known = place.origin_known, False
        _expect(line, "$ORIGIN example.com.")
        try:
            place.origin = read_name(line.tokens[1], line.starts[1], place.origin)
        except EntryError as wrong:
            reason = f"{wrong}; the entries down to the next $ORIGIN are left out"
            raise EntryError(wrong.code, wrong.at, reason, wrong.fix) from wrong
        place.origin_known = known or line.tokens[1].text.endswith(".")

    def _ttl(self, line: Line) -> None:
        _expect(line, "$TTL 3600")
        self._default_ttl = read_ttl(line.tokens[1], line.starts[1])

    def _include(self, line: Line) -> None:
        _expect(line, "$INCLUDE file [origin]", most=2)
        place, path, at = self._place, line.tokens[1].text, line.starts[1]
        origin, known = place.origin, place.origin_known
        if len(line.tokens) > 2:
            origin = read_name(line.tokens[2], line.starts[2], origin)
            known = known or line.tokens[2].text.endswith(".")
        file = _beside(place.files[0], path)
        self._refuse_include(file, at)
        self._includes_left -= 1
        try:
            octets = self._include_octets(path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise EntryError(
                "SY003",
                at,
                f"{path} cannot be read ({reason}): its records would be missing",
                "correct the path, or remove the line",
            ) from error
        self.read(_Place(Page(file, octets), (*place.files, file), origin, known))
        self._place = place  # RFC 1035 5.1: the origin here stays as it was; so does the owner

    def _refuse_include(self, file: str, at: int) -> None:
        files = self._place.files
        if file in files:
            path = " includes ".join((*files[files.index(file) :], file))
            raise EntryError("SY003", at, f"a file includes itself: {path}", "remove the line")
        if len(files) > MAX_INCLUDE_DEPTH or not self._includes_left:
            raise EntryError(
                "SY010",
                at,
                f"{file} is not read: files may include one another {MAX_INCLUDE_DEPTH} deep,"
                f" {MAX_INCLUDES} in all",
                "put the records in fewer files",
            )

    def _generate(self, line: Line) -> None:
        for entry in generate(line):
            if not self._generated_left:
                raise EntryError(
                    "SY010",
                    line.starts[0],
                    f"the $GENERATE lines of this zone make over {MAX_ENTRIES} entries",
                    "use smaller ranges",
                )
            self._generated_left -= 1
            self._entry(entry)

    def _add(
        self, code: str, at: int, reason: str, fix: str, owner: Name | None = None
    ) -> None:
        mark = self._place.page.mark(at)
        self._findings.append(
            make_finding(code, mark, _clip(reason), _clip(fix), origin=self._zone, owner=owner)
        )


def _clip(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]}..."


def _expect(line: Line, usage: str, *, most: int = 1) -> None:
    """Refuse a directive that has no argument, or too many. Raises EntryError."""
    count = len(line.tokens) - 1
    if not 1 <= count <= most:
        raise EntryError(
            "SY003",
            line.starts[most + 1] if count else line.end,
            f"{line.tokens[0].text} takes {'an argument' if most == 1 else '1 or 2 arguments'},"
            f" not {count}",
            f"write: {usage}",
        )


def _beside(file: str, path: str) -> str:
    """What to call an included file: its path from where the zone's own file is."""
    folder, slash, _ = file.rpartition("/")
    return path if path.startswith("/") else f"{folder}{slash}{path}"
