"""Makes docs/rules.md from the catalogue and the pages of the rules.

    python docs/make_rules.py

A test fails while the two differ.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from zoneserver.catalogue import CATALOGUE
from zoneserver.service.checking.pages import Page, describe_rule, read_pages
from zoneserver.service.checking.report import Texts, format_finding

TARGET = Path(__file__).with_name("rules.md")

# The heading before the first rule whose code begins so.
HEADINGS = {
    "MX": "MX",
    "AD": "Addresses",
    "CN": "CNAME, DNAME, SRV",
    "NS": "NS, glue, SOA",
    "SY": "Syntax and RRsets",
    "TX": "Policy texts",
    "SP": "SPF",
    "DM": "DMARC",
    "DK": "DKIM",
    "ST": "MTA-STS and TLS-RPT",
    "TL": "TLSA",
    "CA": "CAA and BIMI",
    "DN": "DNSSEC",
    "GU": "The guard",
    "WV": "Waivers",
}
INTRODUCTION = """\
# The rules

<!-- Made by docs/make_rules.py from zoneserver/rules/*.yaml; edit those. -->

Every zone is judged by these rules before it is served. An **error** keeps it from being
served: the version that is served stays. A **warning** is logged, a **hint** is shown by
`zoneserver check` alone. Where a rule weighs its cases differently, the level here is the
usual one.

`zoneserver rules` prints the list, `zoneserver rules MX001` a page of it. What most rules find
can be waived: see `$allow` in [zone-files.md](zone-files.md). The zones here leave out what
the configuration adds, the SOA and the NS records.
"""


def make() -> str:
    """The whole document."""
    return "\n".join([INTRODUCTION, *_table(), *_sections()])


def _table() -> Iterator[str]:
    yield "| rule | level | |"
    yield "| --- | --- | --- |"
    for code, rule in CATALOGUE.items():
        yield f"| [{code}](#{code.lower()}) | {describe_rule(code)} | {rule.title} |"
    yield ""


def _sections() -> Iterator[str]:
    current = ""
    for code in CATALOGUE:
        heading = HEADINGS.get(code[:2], current)
        if heading != current:
            yield f"## {heading}\n"
            current = heading
        yield from _section(read_pages()[code])


def _section(page: Page) -> Iterator[str]:
    rule = CATALOGUE[page.code]
    yield f"### {page.code}\n"
    yield f"**{rule.title}** ({describe_rule(page.code)}; {rule.rfc})\n"
    yield f"{page.why}\n"
    if page.served:
        yield from _block("yaml", f"# {page.origin}yaml, as it is served\n{page.served}")
    for file, text in page.files(page.bad).items():
        yield from _block("" if page.master else "yaml", f"{_comment(page)} {file}\n{text}")
    texts = Texts({file: text.encode() for file, text in page.files(page.bad).items()})
    found = [each for each in page.judge(page.bad) if each.code == page.code]
    yield from _block("text", "\n".join(format_finding(each, texts) for each in found))
    yield "The fix:\n"
    yield from _block("" if page.master else "yaml", page.good)


def _comment(page: Page) -> str:
    return ";" if page.master else "#"


def _block(language: str, text: str) -> Iterator[str]:
    yield f"```{language}\n{click.unstyle(text).rstrip()}\n```\n"


if __name__ == "__main__":
    TARGET.write_text(make(), "utf-8")
