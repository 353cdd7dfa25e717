"""Zone files in YAML, as octoDNS lays them out, to a zone source.

Reading never fails: whatever is wrong becomes a finding with its place, and the rest is
read on. A record that cannot be read is left out, and its owner noted as unreadable.
"""

from collections.abc import Mapping as Dict
from typing import Any

from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Mark, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import NS, SOA
from zoneserver.records.rrset import Record
from zoneserver.zonefile.directives import Directives, SoaDirective
from zoneserver.zonefile.dnssec_directive import MADE
from zoneserver.zonefile.includes import YamlFiles
from zoneserver.zonefile.nodes import Mapping, Missing, Node, Scalar
from zoneserver.zonefile.octodns import RecordReader
from zoneserver.zonefile.owners import Owners
from zoneserver.zonefile.report import GiveUpError, Report
from zoneserver.zonefile.source import (
    Defaults,
    Dnssec,
    Include,
    MailBlock,
    StsText,
    TlsaBlock,
    Waiver,
    ZoneSource,
)
from zoneserver.zonefile.tlsa_directive import KeyFiles
from zoneserver.zonefile.ttls import NO_TTL
from zoneserver.zonefile.values import ValueReader
from zoneserver.zonefile.weave import MisreadError

MAX_NAMES = 1_000_000


def read_yaml_zone(
    origin: Name, files: Dict[str, bytes], include: Include, defaults: Defaults
) -> ZoneSource:
    """Read the zone `origin` from its file, or from the several files of a split one.

    `files` maps paths, as they are shown to people, to octets. `include` reads the files of
    `!include`; it is given paths relative to the folder of the zone's own file.
    """
    try:
        return _read(_ZoneReader(origin, files, include, defaults, by_pattern=True))
    except MisreadError:
        return read_in_full(origin, files, include, defaults)


def read_in_full(
    origin: Name, files: Dict[str, bytes], include: Include, defaults: Defaults
) -> ZoneSource:
    """The same, with every name through libyaml: slower, and right for any file."""
    return _read(_ZoneReader(origin, files, include, defaults, by_pattern=False))


def _read(reader: "_ZoneReader") -> ZoneSource:
    try:
        reader.read()
    except GiveUpError as error:
        reader.give_up(str(error))
    return reader.source()


class _ZoneReader:
    """Reads one zone, name by name as the files go; what is missing is filled in after."""

    def __init__(
        self,
        origin: Name,
        files: Dict[str, bytes],
        include: Include,
        defaults: Defaults,
        *,
        by_pattern: bool,
    ) -> None:
        self._origin = origin
        self._files = files
        self._defaults = defaults
        self._report = Report(origin)
        self._yaml_files = YamlFiles(include, self._report)
        self._owners = Owners(origin)
        self._directives = Directives(
            self._report, self._owners, KeyFiles(self._yaml_files.fetch)
        )
        self._start = Mark(next(iter(files), str(origin)), 1, 1)
        self._unreadable: set[Name] = set()
        self._lenient: set[Name] = set()
        self._values = ValueReader(self._report)
        self._by_pattern = self._values if by_pattern else None
        self._reader = RecordReader(self._report, self._values, self._unreadable, self._lenient)
        self._records: list[Record] = []
        self._added: list[Record] = []
        self._mail: tuple[MailBlock, ...] = ()
        self._tlsa: tuple[TlsaBlock, ...] = ()
        self._mta_sts: tuple[StsText, ...] = ()
        self._waivers: tuple[Waiver, ...] = ()
        self._dnssec: Dnssec | None = None
        self._zonemd: Mark | None = None
        self._auto_serial = False
        self._default_rname = False

    def read(self) -> None:
        """Read everything. Raises GiveUpError."""
        for file, octets in self._files.items():
            self._read_file(file, octets)
        if not self._files:
            self._report.add("SY009", self._start, "the zone has no file", "write one")
        self._waivers = self._directives.read_waivers()
        soa = self._directives.read_soa(self._values)
        ttl = self._directives.read_ttl(self._defaults.ttl)
        mail, tlsa = self._directives.read_mail(ttl, self._unreadable)
        if len(mail) > MAX_NAMES:
            raise _too_many_names()
        self._mail, self._tlsa = mail, (*self._directives.read_tlsa(ttl), *tlsa)
        self._mta_sts = self._directives.read_mta_sts()
        self._dnssec = self._directives.read_dnssec()
        self._zonemd = self._directives.read_zonemd(self._dnssec)
        self._complete(soa, ttl)
        if self._dnssec is not None:
            self._check_signing(self._dnssec)
        elif self._zonemd is not None:
            self._check_digest(self._zonemd)

    def give_up(self, reason: str) -> None:
        """Finish a zone that goes beyond a limit: the rest of it is not looked at."""
        finding = make_finding(
            "SY010", self._start, reason, "mend it up to here first", origin=self._origin
        )
        self._report.findings.append(finding)
        self._unreadable.add(self._origin)
        self._complete(None, self._defaults.ttl)

    def source(self) -> ZoneSource:
        """What was read."""
        return ZoneSource(
            self._origin,
            tuple(self._records),
            tuple(self._report.findings),
            self._waivers,
            frozenset(self._unreadable),
            frozenset(self._lenient),
            auto_serial=self._auto_serial,
            default_rname=self._default_rname,
            mta_sts=self._mta_sts,
            mail=self._mail,
            tlsa=self._tlsa,
            added=tuple(self._added),
            dnssec=self._dnssec,
            zonemd=self._zonemd,
        )

    def _read_file(self, file: str, octets: bytes) -> None:
        kept = len(self._records)
        root = self._yaml_files.read(file, octets, self._take, self._by_pattern)
        if type(root) is not Mapping:
            # Half a file is no zone: what was read of it would only mislead.
            del self._records[kept:]
            self._refuse(file, root)
            return
        for key, node in root.pairs:
            written = self._directives.find(key) or self._owners.find(key)
            # A key that the file writes itself goes before one that it merges.
            if written is None or (written.file, written.text) != (file, key.text):
                self._take(key, node)

    def _take(self, key: Scalar, node: Node) -> None:
        """Read what stands below one key: a directive, or the records of an owner."""
        if key.text.startswith("$"):
            self._directives.add(key, node)
            return
        owner, problem = self._owners.add(key)
        if problem is not None:
            self._report.note(problem)
            if owner is not None:
                self._unreadable.add(owner)
        elif owner is not None:
            self._records += self._reader.read(owner, node)
        if len(self._owners) > MAX_NAMES:
            raise _too_many_names()

    def _refuse(self, file: str, root: Node | None) -> None:
        """A file that is no mapping of names; what the zone's apex lacks is not known then."""
        self._unreadable.add(self._origin)
        if type(root) is Missing:
            return
        if root is None or (type(root) is Scalar and root.is_null):
            mark, what = Mark(file, 1, 1), "empty"
        else:
            mark, what = root.mark, root.kind
        self._report.add(
            "SY009",
            mark,
            f"the file is {what}, where names with their records are due",
            "write for example: mail: {type: A, value: 192.0.2.25}",
        )

    def _complete(self, directive: SoaDirective | None, ttl: int) -> None:
        """Add what the zone does not write: TTLs, its SOA, and NS from the configuration."""
        self._records = [
            record
            if record.ttl != NO_TTL
            else Record(record.owner, record.rtype, ttl, record.rdata, record.mark)
            for record in self._records
        ]
        apex = [record for record in self._records if record.owner == self._origin]
        servers = [record.rdata for record in apex if isinstance(record.rdata, NS)]
        if not servers and self._origin not in self._unreadable:
            servers = [NS(name) for name in self._defaults.ns]
            self._added = [
                Record(self._origin, rtypes.NS, ttl, server, self._start) for server in servers
            ]
            self._records += self._added
        written = next((record for record in apex if record.rtype == rtypes.SOA), None)
        if written is None:
            first = servers[0].target if servers else self._origin
            soa = self._make_soa(first, directive or SoaDirective(self._start), ttl)
            self._records.insert(0, soa)
            self._added.insert(0, soa)
        elif directive is not None:
            self._report.add(
                "SY008",
                directive.mark,
                "$soa stands beside an SOA record, and one of them would be lost",
                "keep one of the two",
                ((written.mark, "the SOA record"),),
            )

    def _check_signing(self, dnssec: Dnssec) -> None:
        """See that what signing makes is left to it."""
        made = next((each for each in self._records if each.rtype in MADE), None)
        if made is not None:
            self._report.add(
                "SY008",
                dnssec.mark,
                "$dnssec stands beside records that signing makes, so one of the two is wrong",
                "remove $dnssec, or all records of DNSSEC but the DS of delegations",
                ((made.mark, f"the {rtypes.mnemonic(made.rtype)} record"),),
            )
        if not self._auto_serial:
            self._report.add(
                "SY008",
                dnssec.mark,
                "with $dnssec the serial has to rise whenever signatures are renewed, and this"
                " zone writes its own",
                "leave the serial to the server: $soa with serial: auto, or without a serial",
            )

    def _check_digest(self, zonemd: Mark) -> None:
        """See that the digest of the zone is left to us."""
        apex = (each for each in self._records if each.owner == self._origin)
        written = next((each for each in apex if each.rtype == rtypes.ZONEMD), None)
        if written is not None:
            self._report.add(
                "SY008",
                zonemd,
                "$zonemd stands beside a ZONEMD record, and one of them would be lost",
                "keep one of the two",
                ((written.mark, "the ZONEMD record"),),
            )

    def _make_soa(self, server: Name, directive: SoaDirective, ttl: int) -> Record:
        """The SOA as `$soa` has it, the rest from the configuration."""
        defaults = self._defaults.soa
        fields: dict[str, Any] = {
            "mname": defaults.mname or server,
            "rname": defaults.rname or self._hostmaster(),
            "serial": 0,
            "refresh": defaults.refresh,
            "retry": defaults.retry,
            "expire": defaults.expire,
            "minimum": defaults.minimum,
        }
        self._auto_serial = "serial" not in directive.fields
        self._default_rname = "rname" not in directive.fields and defaults.rname is None
        soa = SOA(**(fields | directive.fields))
        ttl = ttl if directive.ttl is None else directive.ttl
        return Record(self._origin, rtypes.SOA, ttl, soa, directive.mark)

    def _hostmaster(self) -> Name:
        """The mailbox that RFC 2142 7 asks for; the origin itself where that gets too long."""
        try:
            return self._origin.prefixed(b"hostmaster")
        except NameSyntaxError:
            return self._origin


def _too_many_names() -> GiveUpError:
    return GiveUpError(f"the zone has over {MAX_NAMES} names")
