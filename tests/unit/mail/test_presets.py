"""The presets: what each becomes, that nothing is wrong with it, and where it comes from."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.unit.mail.expanding import added, expanded, judged
from zoneserver.findings import Level
from zoneserver.mail.presets import PRESETS
from zoneserver.names import Name
from zoneserver.validator.known import provider_of

DOCS = Path(__file__).parents[3] / "docs/mail.md"

# As the providers publish them, for example.com.
GOLDEN = {
    "fastmail": """
        @ MX 10 in1-smtp.messagingengine.com.
        @ MX 20 in2-smtp.messagingengine.com.
        @ TXT "v=spf1 include:spf.messagingengine.com ~all"
        fm1._domainkey CNAME fm1.example.com.dkim.fmhosted.com.
        fm2._domainkey CNAME fm2.example.com.dkim.fmhosted.com.
        fm3._domainkey CNAME fm3.example.com.dkim.fmhosted.com.""",
    "forwardemail": """
        @ MX 0 mx1.forwardemail.net.
        @ MX 0 mx2.forwardemail.net.
        @ TXT "v=spf1 include:spf.forwardemail.net ~all"
        fe-bounces CNAME forwardemail.net.
        autoconfig CNAME autoconfig.forwardemail.net.
        autodiscover CNAME autodiscover.forwardemail.net.""",
    "gandi": """
        @ MX 10 spool.mail.gandi.net.
        @ MX 50 fb.mail.gandi.net.
        @ TXT "v=spf1 include:_mailcust.gandi.net ~all\"""",
    "google": """
        @ MX 1 smtp.google.com.
        @ TXT "v=spf1 include:_spf.google.com ~all\"""",
    "icloud": """
        @ MX 10 mx01.mail.icloud.com.
        @ MX 10 mx02.mail.icloud.com.
        @ TXT "v=spf1 include:icloud.com ~all"
        sig1._domainkey CNAME sig1.dkim.example.com.at.icloudmailadmin.com.""",
    "improvmx": """
        @ MX 10 mx1.improvmx.com.
        @ MX 20 mx2.improvmx.com.
        @ TXT "v=spf1 include:spf.improvmx.com ~all"
        dkimprovmx1._domainkey CNAME dkimprovmx1.improvmx.com.
        dkimprovmx2._domainkey CNAME dkimprovmx2.improvmx.com.""",
    "infomaniak": """
        @ MX 5 mta-gw.infomaniak.ch.
        @ TXT "v=spf1 include:spf.infomaniak.ch ~all\"""",
    "mailgun": """
        @ MX 10 mxa.mailgun.org.
        @ MX 10 mxb.mailgun.org.
        @ TXT "v=spf1 include:mailgun.org ~all\"""",
    "microsoft": """
        @ MX 1 example-com.mail.protection.outlook.com.
        @ TXT "v=spf1 include:spf.protection.outlook.com ~all"
        autodiscover CNAME autodiscover.outlook.com.""",
    "ovh": """
        @ MX 1 mx0.mail.ovh.net.
        @ MX 5 mx1.mail.ovh.net.
        @ MX 50 mx2.mail.ovh.net.
        @ MX 100 mx3.mail.ovh.net.
        @ MX 200 mx4.mail.ovh.net.
        @ TXT "v=spf1 include:mx.ovh.com ~all\"""",
    "proton": """
        @ MX 10 mail.protonmail.ch.
        @ MX 20 mailsec.protonmail.ch.
        @ TXT "v=spf1 include:_spf.protonmail.ch ~all\"""",
    "sendgrid": """
        @ MX 10 mx.sendgrid.net.""",
    "yandex": """
        @ MX 10 mx.yandex.net.
        @ TXT "v=spf1 include:_spf.yandex.net ~all\"""",
    "zoho": """
        @ MX 10 mx.zoho.com.
        @ MX 20 mx2.zoho.com.
        @ MX 50 mx3.zoho.com.""",
    "zoho-eu": """
        @ MX 10 mx.zoho.eu.
        @ MX 20 mx2.zoho.eu.
        @ MX 50 mx3.zoho.eu.""",
    "zoho-in": """
        @ MX 10 mx.zoho.in.
        @ MX 20 mx2.zoho.in.
        @ MX 50 mx3.zoho.in.""",
}
OWN_HOSTS = {"microsoft": "example-com.mail.protection.outlook.com."}


def mail(provider: str) -> str:
    """$mail for a provider, with the customer's own host where there is one."""
    own = f", exchanger: {OWN_HOSTS[provider]}" if provider in OWN_HOSTS else ""
    return f"$mail: {{provider: {provider}{own}, ttl: 60}}"


@pytest.mark.parametrize("provider", PRESETS)
def test_records(provider: str) -> None:
    """What the provider asks for, and nothing else."""
    expected = [line.strip() for line in GOLDEN[provider].strip().splitlines()]
    assert expected == [
        line.replace(" 60 ", " ", 1) for line in added(expanded(mail(provider)))
    ]


@pytest.mark.parametrize("provider", PRESETS)
def test_nothing_is_wrong(provider: str) -> None:
    """The validator has hints at most."""
    findings = judged(expanded(mail(provider)))
    assert [] == [each for each in findings if each.level > Level.HINT]
    assert "MX023" in {each.code for each in findings}  # it was looked at


@pytest.mark.parametrize("provider", PRESETS)
def test_hosts_belong_to_one_provider(provider: str) -> None:
    """The validator knows whose they are: it tells when two providers are mixed."""
    hosts = re.findall(r"MX \d+ (\S+)", GOLDEN[provider])
    owners = {provider_of(Name.parse(host)) for host in hosts}
    assert 1 == len(owners - {None}) == len(owners)


@pytest.mark.parametrize("provider", PRESETS)
def test_sources(provider: str) -> None:
    """Where it comes from, and when it was compared; the name is one that people can type."""
    preset = PRESETS[provider]
    assert preset.sources
    assert all(re.fullmatch(r"https://[\w.-]+/[!-~]*", source) for source in preset.sources)
    assert date(2026, 1, 1) <= date.fromisoformat(preset.seen)
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", provider)


def documented(provider: str) -> str:
    """The row of the documentation's table about a preset."""
    preset = PRESETS[provider]
    records = [line.split(maxsplit=2) for line in GOLDEN[provider].strip().splitlines()]
    exchangers = "<br>".join(rdata for _, rtype, rdata in records if rtype == "MX")
    aliases = "<br>".join(owner for owner, rtype, _ in records if rtype == "CNAME")
    sources = " ".join(f"[{n}]({page})" for n, page in enumerate(preset.sources, start=1))
    cells = [
        f"`{provider}`",
        preset.title,
        "1 *yours*" if provider in OWN_HOSTS else exchangers,
        "".join(re.findall(r"include:(\S+)", GOLDEN[provider])) or "-",
        aliases or "-",
        f"{sources} {preset.seen}",
    ]
    return f"| {' | '.join(cells)} |"


def test_documentation() -> None:
    """The table of the documentation has every preset, its records and its sources."""
    lines = DOCS.read_text("utf-8").splitlines()
    table = [line for line in lines if line.startswith("| `") and "https://" in line]
    assert [documented(provider) for provider in sorted(PRESETS)] == table
