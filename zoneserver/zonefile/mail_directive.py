"""$mail: who takes the mail of which names, as people who think in mail servers write it.

What is read here says where mail shall go. Which records that makes, the mail layer knows.
"""

from zoneserver.findings import Mark
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.zonefile.nodes import (
    Mapping,
    Missing,
    Node,
    NodeError,
    ReportedError,
    Scalar,
    Sequence,
    as_list,
    mapping,
    scalar,
    show,
)
from zoneserver.zonefile.octodns import MAX_RECORDS_PER_RRSET
from zoneserver.zonefile.owners import Owners
from zoneserver.zonefile.report import Report, did_you_mean
from zoneserver.zonefile.scalars import read_boolean, read_ttl
from zoneserver.zonefile.source import Exchanger, MailBlock, TlsaBlock
from zoneserver.zonefile.targets import Targets
from zoneserver.zonefile.tlsa_directive import SMTP, KeyFiles

# Every key of a block, and what each takes. A block has one of the first four.
MAIL_KEYS = {
    "exchanger": "the host that takes the mail",
    "exchangers": "a list of hosts, in the order senders shall try them",
    "none": "true: the name takes no mail",
    "provider": "the name of a preset",
    "backup": "true: the exchanger is the backup of the name itself",
    "certificate": "the file of the certificate that the exchangers show, in PEM",
    "next": "the file of the one that comes next",
    "ttl": "the TTL of the records",
}
CHOICES = ("exchanger", "exchangers", "none", "provider")
# A provider that gives each customer a host of his own leaves it to the customer to name it.
COMPANIONS = ("exchanger", "provider")
_EXAMPLE = "$mail: {exchanger: mx.isp.example., backup: true}"

Fields = dict[str, Node]


class MailReader:
    """Reads `$mail`; into `unreadable` go the owners whose block cannot be read.

    In `tlsa` is what the blocks say of the certificates of exchangers.
    """

    def __init__(
        self, report: Report, ttl: int, unreadable: set[Name], files: KeyFiles
    ) -> None:
        self._report = report
        self._ttl = ttl
        self._unreadable = unreadable
        self._files = files
        self.tlsa: list[TlsaBlock] = []
        self._owners = Owners(report.origin)
        self._targets = Targets(report.origin)

    def read(self, node: Node) -> tuple[MailBlock, ...]:
        """The blocks of `$mail`: a mapping in which a value is one maps owners to blocks."""
        origin = self._report.origin
        if type(node) is Mapping and any(type(value) is Mapping for _, value in node.pairs):
            blocks = [self._read_owner(key, value) for key, value in node.pairs]
        else:
            blocks = [self._read_block(origin, node)]
        return tuple(block for block in blocks if block is not None)

    def _read_owner(self, key: Scalar, node: Node) -> MailBlock | None:
        owner, problem = self._owners.add(key)
        if problem is not None:
            self._report.note(problem)
            if owner is not None:
                self._unreadable.add(owner)
        if owner is None or problem is not None:
            return None
        return self._read_block(owner, node)

    def _read_block(self, owner: Name, node: Node) -> MailBlock | None:
        """The block of one owner, if it can be read; what is wrong goes to the report."""
        self._report.owner = owner
        try:
            return self._make_block(owner, self._sort(node))
        except NodeError as problem:
            self._report.note(problem)
            self._unreadable.add(owner)
            return None
        finally:
            self._report.owner = None

    def _sort(self, node: Node) -> Fields:
        """The values of a block by key, if they go together. Raises NodeError."""
        pairs = mapping(node, "a block of $mail", _EXAMPLE).pairs
        problems = [_unknown_key(key) for key, _ in pairs if key.text not in MAIL_KEYS]
        for problem in problems:
            self._report.note(problem)
        if problems or any(type(value) is Missing for _, value in pairs):
            raise ReportedError(node)
        fields = {key.text: value for key, value in pairs}
        _refuse_mixture(node, fields)
        _refuse_lone_keys(fields)
        return fields

    def _make_block(self, owner: Name, fields: Fields) -> MailBlock:
        """The block that the values make. Raises NodeError."""
        ttl = self._read_ttl(fields)
        exchangers = self._read_exchangers(fields)
        provider, backup = "", None
        if "provider" in fields:
            mark, provider = _read_provider(fields["provider"])
        elif "none" in fields:
            mark = _read_none(fields["none"])
        else:
            mark = exchangers[0].mark
        if "backup" in fields and read_boolean(fields["backup"], "backup"):
            backup = fields["backup"].mark
        if ttl is None:
            raise ReportedError(fields["ttl"])
        if keys := self._files.read(fields):
            hosts = (*((owner,) if backup else ()), *(each.host for each in exchangers))
            self.tlsa.append(TlsaBlock(keys[0].mark, ttl, hosts, (SMTP,), keys, of_mail=True))
        return MailBlock(owner, ttl, mark, exchangers, provider, backup)

    def _read_ttl(self, fields: Fields) -> int | None:
        """The TTL of the records; None for one that cannot be read."""
        if "ttl" not in fields:
            return self._ttl
        try:
            return read_ttl(fields["ttl"])
        except NodeError as problem:
            self._report.note(problem)
            return None

    def _read_exchangers(self, fields: Fields) -> tuple[Exchanger, ...]:
        """The hosts of `exchanger` or `exchangers`. Raises NodeError."""
        if "exchanger" in fields:
            if type(fields["exchanger"]) is Sequence:
                reason = "exchanger is a list, where one host is due"
                raise NodeError("SY008", fields["exchanger"], reason, "write exchangers: [...]")
            return (self._read_exchanger(fields["exchanger"], "exchanger"),)
        if "exchangers" not in fields:
            return ()
        found: list[Exchanger] = []
        failed: NodeError | None = None
        for each in _list_hosts(fields["exchangers"]):
            try:
                found.append(self._read_exchanger(each, "exchangers"))
            except NodeError as problem:
                self._report.note(problem)
                failed = ReportedError(each)
        if failed is not None:
            raise failed
        return tuple(found)

    def _read_exchanger(self, node: Node, what: str) -> Exchanger:
        """One host. Raises NodeError."""
        host = self._targets.read(node, rtypes.MX, what)
        if host == ROOT:
            reason = f'{what} names ".", which says that no mail is taken'
            raise NodeError("SY008", node, reason, "write none: true in its place")
        return Exchanger(host, node.mark)


def _list_hosts(node: Node) -> list[Node]:
    """The items of `exchangers`, neither none nor too many. Raises NodeError."""
    nodes = as_list(node)
    if not nodes:
        fix = "write the hosts, or none: true if no mail is taken"
        raise NodeError("SY008", node, "exchangers is an empty list", fix)
    if len(nodes) > MAX_RECORDS_PER_RRSET:
        reason = f"{len(nodes)} exchangers; {MAX_RECORDS_PER_RRSET} is the most"
        raise NodeError("SY010", node, reason, "keep the few that matter")
    return nodes


def _read_provider(node: Node) -> tuple[Mark, str]:
    """The name of a preset, whether or not there is one, and its place. Raises NodeError."""
    text = scalar(node, "provider", "SY008", "provider: google")
    if text.is_null or not text.text.strip():
        raise NodeError("SY008", text, "provider is empty", "write its name: provider: google")
    return text.mark, text.text


def _read_none(node: Node) -> Mark:
    """The place of `none: true`. Raises NodeError."""
    if not read_boolean(node, "none"):
        reason = "none: false says nothing about where the mail goes"
        raise NodeError("SY008", node, reason, "write none: true, or name an exchanger")
    return node.mark


def _unknown_key(key: Scalar) -> NodeError:
    fix = did_you_mean(key.text, MAIL_KEYS) or f"the keys are {', '.join(MAIL_KEYS)}"
    return NodeError("SY008", key, f"a block of $mail has no key {show(key.text)}", fix)


def _refuse_mixture(node: Node, fields: Fields) -> None:
    """Refuse a block that does not say where mail goes, or says it twice. Raises NodeError."""
    chosen = [name for name in fields if name in CHOICES]
    if not chosen:
        raise NodeError(
            "SY008",
            node,
            "the block does not say who takes the mail",
            f"write {_EXAMPLE}; or exchangers, none or provider in place of exchanger",
        )
    if len(chosen) > 1 and tuple(sorted(chosen)) != COMPANIONS:
        first, second, *_ = chosen
        raise NodeError(
            "SY008",
            fields[second],
            f"{first} and {second} both say who takes the mail",
            "keep one of the two",
            ((fields[first].mark, first),),
        )
    if "backup" in fields and chosen != ["exchanger"]:
        raise NodeError(
            "SY008",
            fields["backup"],
            f"backup goes with exchanger alone, and not with {chosen[0]}",
            "write exchangers: [first., second.] for an order of your own"
            if chosen[0] == "exchangers"
            else "remove backup",
        )


def _refuse_lone_keys(fields: Fields) -> None:
    """Refuse a certificate of nobody's. Raises NodeError."""
    if "next" in fields and "certificate" not in fields:
        reason = "next goes with certificate, which is not there"
        raise NodeError(
            "SY008", fields["next"], reason, "write certificate: mail.pem beside it"
        )
    other = next((each for each in ("provider", "none") if each in fields), "")
    if "certificate" in fields and other:
        raise NodeError(
            "SY008",
            fields["certificate"],
            f"certificate goes with exchanger or exchangers, and not with {other}",
            "remove certificate",
        )
