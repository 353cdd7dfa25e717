"""What `$mail` stands for: the records that it adds to a zone.

An MX is always added, for it is what `$mail` is about. Whatever else goes with it is added
only where the zone says nothing about the same thing itself.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Finding, Mark, make_finding
from zoneserver.mail.presets import OWN_HOST, PRESETS, Preset
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import CNAME, MX, TXT, Rdata
from zoneserver.records.rrset import Record
from zoneserver.validator.policy.texts import Kind, read_texts
from zoneserver.zone.build import make_rrset
from zoneserver.zonefile.nodes import show
from zoneserver.zonefile.report import did_you_mean
from zoneserver.zonefile.source import MailBlock, ZoneSource

ALONE = 10  # the preference of a lone exchanger, and the step in a list of them
ITSELF = 5  # the name itself, before its backup
_REFUSING_SPF = "v=spf1 -all"  # RFC 7208 10.1.2
_REFUSING_DMARC = "v=DMARC1; p=reject"  # RFC 9989 4.7

_CUTS = frozenset({rtypes.NS, rtypes.DNAME})


def expand(source: ZoneSource) -> ZoneSource:
    """The source with the records that its `$mail` stands for, beside those it writes."""
    if not source.mail:
        return source
    expansion = _Expansion(source)
    sound = [block for block in source.mail if expansion.accept(block)]
    for block in sound:
        expansion.add_exchangers(block)
    for block in sound:
        expansion.add_company(block)
    return expansion.result()


class _Expansion:
    """The records and findings that come to a source, and what is written at their owners."""

    def __init__(self, source: ZoneSource) -> None:
        self._source = source
        self._added: list[Record] = []
        self._findings: list[Finding] = []
        self._unreadable: set[Name] = set()
        self._written: dict[Name, list[Record]] = {
            name: [] for block in source.mail for name in _names(block)
        }
        for record in source.records:
            if record.owner in self._written:
                self._written[record.owner].append(record)

    def accept(self, block: MailBlock) -> bool:
        """Whether the block can be expanded; if not, a finding says why."""
        fault = _fault(block)
        if fault is not None:
            self._unreadable.add(block.owner)
            self._complain("SY008", block, *fault)
            return False
        rivals = [each for each in self._written[block.owner] if each.rtype == rtypes.MX]
        if rivals:
            related = tuple((each.mark, f"MX {each.rdata.text}") for each in rivals)
            reason = f"$mail stands beside an MX of {block.owner} that is written out"
            fix = "remove the MX record, or this block of $mail"
            self._complain("SY008", block, reason, fix, related)
        return not rivals

    def add_exchangers(self, block: MailBlock) -> None:
        """Add the MX of a block."""
        for mx, mark in _exchangers(block):
            self._add(block, block.owner, mx, mark)

    def add_company(self, block: MailBlock) -> None:
        """Add what goes with the MX of a block, as far as the zone leaves it open."""
        preset = PRESETS.get(block.provider)
        if preset is not None and preset.spf:
            self._add_spf(block, f"v=spf1 include:{preset.spf} ~all", preset)
        elif preset is None and not block.exchangers:
            self._add_spf(block, _REFUSING_SPF)
            for owner in _below(block, "_dmarc"):
                self._add_policy(block, owner, Kind.DMARC, _REFUSING_DMARC)
        for owner, rdata in _aliases(block, preset):
            if self._is_open(owner, block) and not self._written[owner]:
                self._add(block, owner, rdata)

    def result(self) -> ZoneSource:
        """The source with all of it."""
        source, added = self._source, tuple(self._added)
        return replace(
            source,
            records=(*source.records, *added),
            added=(*source.added, *added),
            findings=(*source.findings, *self._findings),
            unreadable=source.unreadable | self._unreadable,
        )

    def _add_spf(self, block: MailBlock, text: str, preset: Preset | None = None) -> None:
        """Add an SPF record, or hint that the one that is written leaves the provider out."""
        written = self._policies(block.owner, Kind.SPF)
        if not written:
            self._add_policy(block, block.owner, Kind.SPF, text)
        elif preset is not None and not any(_includes(each, preset.spf) for each in written):
            self._complain(
                "SP012",
                block,
                f"the SPF record of {block.owner} does not include {preset.spf}: mail that is"
                f" sent by way of {preset.title} may be taken for forged.",
                f"add include:{preset.spf} to it, if you send mail that way",
            )

    def _add_policy(self, block: MailBlock, owner: Name, kind: Kind, text: str) -> None:
        if self._is_open(owner, block) and not self._policies(owner, kind):
            self._add(block, owner, TXT.split(text.encode()))

    def _policies(self, owner: Name, kind: Kind) -> list[str]:
        """The texts at a name that mean to be a policy of that kind."""
        texts = [each for each in self._written[owner] if each.rtype == rtypes.TXT]
        if not texts:
            return []
        return [each.text for each in read_texts(make_rrset(texts)) if each.kind is kind]

    def _is_open(self, owner: Name, block: MailBlock) -> bool:
        """Whether the zone can have more at a name: it is no alias, and not given away."""
        if owner in self._source.unreadable or self._has(owner, {rtypes.CNAME}):
            return False
        return not any(
            self._has(name, _CUTS if name != self._source.origin else {rtypes.DNAME})
            for name in _way_to(owner, block)
        )

    def _has(self, owner: Name, types: Iterable[int]) -> bool:
        return any(each.rtype in types for each in self._written[owner])

    def _add(
        self, block: MailBlock, owner: Name, rdata: Rdata, mark: Mark | None = None
    ) -> None:
        """Add a record; beside others of its type, it takes their TTL (RFC 2181 5.2)."""
        here = self._written[owner]
        ttl = next((each.ttl for each in here if each.rtype == rdata.rtype), block.ttl)
        record = Record(owner, rdata.rtype, ttl, rdata, mark or block.mark)
        here.append(record)
        self._added.append(record)

    def _complain(
        self,
        code: str,
        block: MailBlock,
        reason: str,
        fix: str,
        related: tuple[tuple[Mark, str], ...] = (),
    ) -> None:
        self._findings.append(
            make_finding(
                code,
                block.mark,
                reason,
                fix,
                origin=self._source.origin,
                owner=block.owner,
                related=related,
            )
        )


def _fault(block: MailBlock) -> tuple[str, str] | None:
    """What is wrong with the provider of a block, and the fix."""
    if not block.provider:
        return None
    preset = PRESETS.get(block.provider)
    if preset is None:
        guess = did_you_mean(block.provider, PRESETS)
        known = f"The presets are {', '.join(sorted(PRESETS))}"
        reason = f"there is no preset for the provider {show(block.provider)}"
        return reason, f"{guess} {known}".strip()
    if preset.has_own_hosts and not block.exchangers:
        return (
            f"{preset.title} gives every domain an MX host of its own, which only you can see",
            "add exchanger: with the host that your account shows for the domain",
        )
    if block.exchangers and not preset.has_own_hosts:
        reason = f"{preset.title} has the same MX hosts for everybody"
        return f"{reason}; an exchanger does not go with it", "remove exchanger, or provider"
    return None


def _exchangers(block: MailBlock) -> Iterator[tuple[MX, Mark]]:
    """The MX of a block, each with its place."""
    preset = PRESETS.get(block.provider)
    if preset is not None:
        for preference, host in preset.exchangers:
            if host == OWN_HOST:
                own, mark = block.exchangers[0]
                yield MX(preference, own), mark
            else:
                yield MX(preference, Name.parse(host)), block.mark
        return
    if not block.exchangers:
        yield MX(0, ROOT), block.mark  # RFC 7505 3
    if block.backup is not None:
        yield MX(ITSELF, block.owner), block.backup
    for place, each in enumerate(block.exchangers, start=1):
        yield MX(ALONE * place, each.host), each.mark


def _names(block: MailBlock) -> Iterator[Name]:
    """Every name at which a block may add something, and those on the way to them."""
    yield block.owner
    preset = PRESETS.get(block.provider)
    for name in (*_below(block, "_dmarc"), *(owner for owner, _ in _aliases(block, preset))):
        yield from _way_to(name, block)


def _way_to(name: Name, block: MailBlock) -> Iterator[Name]:
    """A name, the one above it, and so on up to the owner of a block."""
    while name != block.owner:
        yield name
        name = name.parent
    yield name


def _aliases(block: MailBlock, preset: Preset | None) -> Iterator[tuple[Name, CNAME]]:
    """The CNAMEs that a preset has for the owner of a block."""
    for alias, target in preset.aliases if preset else ():
        with suppress(NameSyntaxError):  # too long, and then of no use to the provider either
            domain = str(block.owner).removesuffix(".")
            rdata = CNAME(Name.parse(target.format(domain=domain)))
            for owner in _below(block, alias):
                yield owner, rdata


def _below(block: MailBlock, labels: str) -> Iterator[Name]:
    """The name below the owner of a block; none below a wildcard, where nobody would ask."""
    with suppress(NameSyntaxError):
        if not block.owner.is_wildcard:
            yield block.owner.prefixed(*labels.encode().split(b"."))


def _includes(spf: str, domain: str) -> bool:
    """Whether an SPF text takes in what a domain says."""
    terms = {term.lstrip("+-~?").rstrip(".").lower() for term in spf.split()}
    return not terms.isdisjoint({f"include:{domain}", f"redirect={domain}"})
