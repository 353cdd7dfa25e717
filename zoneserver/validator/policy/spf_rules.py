"""What is wrong with SPF records: alone, beside one another, and with all that they include."""

import re
from collections.abc import Iterator
from itertools import pairwise

from zoneserver.findings import Finding, Level, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.fields import MAX_STRING_OCTETS
from zoneserver.records.rdata import TXT
from zoneserver.validator.policy.spf import Modifier, Spf, Term, parse_spf
from zoneserver.validator.policy.spf_walk import find_target
from zoneserver.validator.policy.survey import Survey
from zoneserver.validator.policy.texts import Kind, PolicyText

# How a string begins that was meant to be a new term.
_NEW_TERM = re.compile(
    rb"(?:[-+~?]?(?:include|ip4|ip6|exists):|redirect=|[-+~?]all(?: |$))", re.IGNORECASE
)


def check_spf(survey: Survey) -> Iterator[Finding]:
    """SP001, SP003, SP005, SP006, SP008: each record by itself, and two at a name."""
    included, redirected = _mentioned(survey)
    owners: dict[Name, list[PolicyText]] = {}
    unseen: list[PolicyText] = []
    for text in survey.of_kind(Kind.SPF):
        if not text.seen:
            unseen.append(text)
            continue
        owners.setdefault(text.owner, []).append(text)
        spf = parse_spf(text.text)
        yield from _check_terms(text, spf)
        part = text.owner not in redirected and (
            text.owner in included or b"_" in text.owner.key
        )
        yield from _check_end(text, spf, is_part=part)
    for texts in owners.values():
        if len(texts) > 1:
            yield _two(texts)
    for text in unseen:
        yield _unrecognised(text, beside=text.owner in owners)


def check_type_99(survey: Survey) -> Iterator[Finding]:
    """SP004: the type SPF, which receivers have stopped to ask for (RFC 7208 3.1)."""
    if not survey.rrsets[rtypes.SPF]:
        return
    with_text = {text.owner for text in survey.seen(Kind.SPF)}
    for rrset in survey.rrsets[rtypes.SPF]:
        rdata = rrset.rdatas[0]
        beside = rrset.owner in with_text
        assert isinstance(rdata, TXT)
        yield make_finding(
            "SP004",
            rrset.mark,
            f"{rrset.owner} has an SPF record of the abandoned type 99"
            + ("; nobody asks for it." if beside else " only: receivers see no SPF at all."),
            "delete it" if beside else f"write TXT {rdata.text}",
            level=Level.WARNING if beside else None,
            owner=rrset.owner,
        )


def _mentioned(survey: Survey) -> tuple[set[Name], set[Name]]:
    """The names that records of this zone include, and those they redirect to.

    What is only included is a part of another record. A name with an MX is never only that.
    """
    included: set[Name] = set()
    redirected: set[Name] = set()
    for text in survey.seen(Kind.SPF):
        for term in parse_spf(text.text).followed:
            if target := find_target(term, text.owner):
                (included if term.name == "include" else redirected).add(target)
    return included - {rrset.owner for rrset in survey.rrsets[rtypes.MX]}, redirected


def _unrecognised(text: PolicyText, *, beside: bool) -> Finding:
    """SP003: a version that is not followed by a blank (RFC 7208 4.5).

    Where another record stands `beside` it, receivers take that one.
    """
    opening = re.match(r"\S*", text.text)
    word = opening[0] if opening else text.text
    joined = len(text.strings) > 1
    return text.finding(
        "SP003",
        f"it opens with {word[:40]}, not with v=spf1 and a blank"
        + (" (strings are joined without one)" if joined else "")
        + ("; receivers pass over it" if beside else "; receivers see no SPF at all"),
        "write v=spf1, a blank, and the first term",
        level=Level.WARNING if beside else None,
    )


def _check_terms(text: PolicyText, spf: Spf) -> Iterator[Finding]:
    """SP003, SP006: terms that receivers cannot read, or will not look up."""
    for fault in spf.faults:
        effect = "receivers give up on the whole record (permerror)"
        yield text.finding(
            "SP003",
            f"{fault.term}: {fault.reason}" + (f"; {effect}" if fault.fatal else ""),
            fault.fix,
            level=None if fault.fatal else Level.WARNING,
        )
    for before, string in pairwise(text.strings):
        cut_by_hand = len(before) < MAX_STRING_OCTETS and not before.endswith(
            (b" ", b"-", b"+", b"~", b"?")
        )
        if cut_by_hand and _NEW_TERM.match(string):
            yield text.finding(
                "SP003",
                f"two strings are joined to ...{_shown(before[-12:])}{_shown(string[:12])}...:"
                " the blank between two terms is missing, and both are lost",
                "put a blank at the end of the first string",
            )
    for term in spf.pointers:
        yield text.finding(
            "SP006",
            f"{term.text} makes receivers look up the sender's PTR and the names in it: slow,"
            " unreliable, and skipped by many",
            "name the senders with ip4:, ip6: or a:",
        )


def _check_end(text: PolicyText, spf: Spf, *, is_part: bool) -> Iterator[Finding]:
    """SP005, SP008: how the record ends. One that others include needs no end of its own."""
    end = spf.all
    if end is not None and end.qualifier == "+":
        yield text.finding(
            "SP005",
            f"{end.text} lets every machine in the world send mail in this name",
            "write -all or ~all",
        )
    elif not is_part and end is not None and end.qualifier == "?":
        yield text.finding(
            "SP005",
            f"{end.text} says nothing about other senders, so forged mail is treated like any",
            "write -all or ~all",
        )
    elif not is_part and end is None and spf.redirect is None:
        yield text.finding(
            "SP005",
            "there is no all at its end, so it says nothing about senders that it does not"
            " name",
            "end it with -all or ~all",
        )
    if end is None:
        return
    late = spf.mechanisms[spf.mechanisms.index(end) + 1 :]
    unused: list[Term] = [*late, *filter(None, (spf.redirect,))]
    if unused:
        terms = [term.text for term in spf.mechanisms if term is not end]
        yield text.finding(
            "SP008",
            f"{' '.join(term.text for term in unused)} has no effect beside {end.text}, which"
            " ends the record: these senders are not authorised",
            f"write {' '.join(['v=spf1', *terms, end.text])}",
        )


def _two(texts: list[PolicyText]) -> Finding:
    """SP001: a merged record to put in the place of all."""
    first, *others = texts
    marks = tuple((text.mark, text.text) for text in (first, *others[1:]))
    return others[0].finding(
        "SP001",
        f"{first.owner} has {len(texts)} SPF records; receivers then treat all of them as an"
        " error (permerror), and nobody is authorised",
        f'merge them into one: "{_merge([parse_spf(text.text) for text in texts])}"',
        related=marks,
    )


def _merge(records: list[Spf]) -> str:
    """One record that authorises the senders of all, as strict as the strictest."""
    ends = [record.all for record in records if record.all]
    terms: dict[str, None] = {}
    for record in records:
        for term in record.evaluated:
            if isinstance(term, Modifier):
                # There is room for one redirect, but for many includes.
                terms.setdefault(f"include:{term.value}")
            elif term.name != "all":
                terms.setdefault(term.text)
    end = min(ends, key=lambda each: "-~?+".index(each.qualifier), default=None)
    return " ".join(["v=spf1", *terms, end.text if end else "~all"])


def _shown(octets: bytes) -> str:
    return octets.decode("ascii", "replace")
