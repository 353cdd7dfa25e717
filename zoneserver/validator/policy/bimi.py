"""BIMI: the logo beside a message, which needs a DMARC policy that is enforced."""

from collections.abc import Iterator

from zoneserver.findings import Finding
from zoneserver.names import Name
from zoneserver.validator.policy.dmarc import parse_dmarc
from zoneserver.validator.policy.survey import Survey, find_below, seen_texts
from zoneserver.validator.policy.tags import parse_tags
from zoneserver.validator.policy.texts import Kind, PolicyText


def check_bimi(survey: Survey) -> Iterator[Finding]:
    """BI001: logos that nobody shows."""
    for owner, texts in survey.at_place(Kind.BIMI).items():
        for text in texts:
            if text.kind is not Kind.BIMI or not text.seen:
                continue
            tags = parse_tags(text.text)
            logo = tags.find("l")
            if logo == "" and not tags.find("a"):
                continue  # "v=BIMI1; l=; a=;" declines to have a logo
            if logo is None or not (logo == "" or logo.lower().startswith("https://")):
                yield text.finding(
                    "BI001",
                    "there is no l=, and so no logo"
                    if logo is None
                    else f"l={logo} is not fetched over HTTPS; no logo is shown",
                    "write l=https://...",
                )
            yield from _check_dmarc(survey, owner.parent.parent, text)


def _check_dmarc(survey: Survey, domain: Name, text: PolicyText) -> Iterator[Finding]:
    """The record of the domain, or of the nearest above that has one (RFC 9989 4.10.1)."""
    for name in (domain, *domain.ancestors()):
        if len(name.labels) < 2:
            break
        asked = find_below(name, b"_dmarc")
        records = seen_texts(survey.world, asked, Kind.DMARC) if asked else ()
        if records is None:
            return  # a zone that is not ours has the say
        if records:
            yield from _check_policy(text, records[0], inherited=name != domain)
            return
    yield text.finding(
        "BI001",
        f"{domain} has no DMARC record; no logo is shown without one that is enforced",
        f'_dmarc.{domain} TXT "v=DMARC1; p=quarantine"',
    )


def _check_policy(
    text: PolicyText, record: PolicyText, *, inherited: bool
) -> Iterator[Finding]:
    dmarc = parse_dmarc(record.text)
    own = dmarc.policy
    subdomains = (dmarc.tags.find("sp") or own or "none").lower()
    weak = "sp" if own not in (None, "none") and subdomains == "none" else ""
    if own in (None, "none") and not (inherited and subdomains in ("quarantine", "reject")):
        weak = "p"
    if weak:
        yield text.finding(
            "BI001",
            f"DMARC says {weak}=none, so no logo is shown",
            f"write {weak}=quarantine, once DMARC reports show no mail of yours failing",
            related=((record.mark, record.text),),
        )
