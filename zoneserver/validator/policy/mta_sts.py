"""MTA-STS (RFC 8461): the record that announces a policy, and the host it is fetched from."""

import re
from collections.abc import Iterator

from zoneserver.findings import Finding, Mark, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.validator.policy.places import is_alias_target
from zoneserver.validator.policy.survey import Survey, ask, ask_texts, find_below
from zoneserver.validator.policy.tags import parse_tags
from zoneserver.validator.policy.texts import Kind, PolicyText

# RFC 8461 3.1: no blank around the equals sign, no other characters.
_ID = re.compile(r"(?:^|;)[ \t]*id=[A-Za-z0-9]{1,32}[ \t]*(?:;|$)")
_LOOKS_LIKE = re.compile(r"sts\s*v?\s*1|(?:^|;)\s*id\s*=", re.IGNORECASE)
_IGNORED = "senders ignore it, and mail goes out as if there were no MTA-STS"


def check_records(survey: Survey) -> Iterator[Finding]:
    """ST001-ST003: the record at `_mta-sts`, and the host of the policy."""
    for owner, texts in survey.at_place(Kind.MTA_STS).items():
        records = [text for text in texts if text.seen and text.kind is Kind.MTA_STS]
        for text in texts:
            if text in records:
                yield from _check_fields(text)
            elif not text.hidden and (text.kind or _LOOKS_LIKE.search(text.text)):
                yield text.finding(
                    "ST001",
                    f"it does not begin with v=STSv1; (written so): {_IGNORED}",
                    'write "v=STSv1; id=20240101000000"',
                )
        if len(records) > 1:
            yield records[1].finding(
                "ST002",
                f"there are {len(records)} MTA-STS records; senders then act as if there were"
                " none",
                "keep one",
                related=((records[0].mark, records[0].text),),
            )
        if records:
            yield from _check_host(survey, owner.parent, records[0])


def check_places(survey: Survey) -> Iterator[Finding]:
    """ST001: the record where no sender looks for it."""
    for text in survey.of_kind(Kind.MTA_STS):
        owner = text.owner
        if text.place is None and not owner.is_wildcard and not is_alias_target(survey, owner):
            near = bool(owner.labels) and b"sts" in owner.labels[0].lower()
            yield text.finding(
                "ST001",
                "senders look for MTA-STS at _mta-sts in front of the domain, never here",
                f"move it to _mta-sts.{owner.parent if near else owner}",
            )


def check_reporting(survey: Survey) -> Iterator[Finding]:
    """ST005: a domain that asks for TLS wants to be told where it fails."""
    asking: dict[Name, tuple[Mark, str]] = {}
    for text in survey.of_kind(Kind.MTA_STS):
        if text.place is Kind.MTA_STS:
            asking.setdefault(text.owner.parent, (text.mark, "MTA-STS"))
    keys = survey.keys
    for rrset in survey.rrsets[rtypes.MX] if keys else ():
        if any(rdata.points_to in keys for rdata in rrset.rdatas):
            asking.setdefault(rrset.owner, (rrset.mark, "TLSA records for its exchangers"))
    for domain, (mark, what) in asking.items():
        asked = find_below(domain, b"_smtp", b"_tls")
        texts = ask_texts(survey.world, asked) if asked else None
        if texts is not None and not any(text.kind is Kind.TLSRPT for text in texts):
            yield make_finding(
                "ST005",
                mark,
                f"{domain} has {what}, but no TLS-RPT: when senders cannot deliver because of"
                " it, nobody tells you.",
                f'_smtp._tls.{domain} TXT "v=TLSRPTv1; rua=mailto:tlsrpt@..."',
                owner=domain,
            )


def _check_fields(text: PolicyText) -> Iterator[Finding]:
    tags = parse_tags(text.text)
    for piece in tags.junk:
        yield text.finding("ST001", f"{piece[:40]} is no field: {_IGNORED}", "delete it")
    if not _ID.search(text.text):
        value = tags.find("id")
        yield text.finding(
            "ST001",
            f"there is no id=: {_IGNORED}"
            if value is None
            else f"id={value} is not 1 to 32 letters and digits, without blanks: {_IGNORED}",
            "write id= and the time of the last change, such as id=20240101000000",
        )


def _check_host(survey: Survey, domain: Name, text: PolicyText) -> Iterator[Finding]:
    """ST003: the policy is fetched from https://mta-sts.<domain> (RFC 8461 3.3)."""
    host = find_below(domain, b"mta-sts")
    types = (rtypes.A, rtypes.AAAA)
    if host and all(ask(survey.world, host, rtype).is_void for rtype in types):
        yield text.finding(
            "ST003",
            f"{host} has no address, and senders fetch the policy there; they find none, and"
            " MTA-STS has no effect",
            f"add {host}, a web server with the policy at /.well-known/mta-sts.txt",
        )
