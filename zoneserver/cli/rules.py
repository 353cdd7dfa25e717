"""`zoneserver rules`: the catalogue, and the page of each rule."""

import json
import textwrap
from typing import Any

import click

from zoneserver.catalogue import CATALOGUE
from zoneserver.cli.parameters import format_option, parse_rule
from zoneserver.cli.status import ends_with_status
from zoneserver.findings import LEVELS
from zoneserver.service.checking.pages import Page, describe_rule, read_pages
from zoneserver.service.checking.report import Texts, format_finding
from zoneserver.service.logs.terminal import say

WIDTH = 80


@click.command("rules")
@click.argument("code", required=False, type=parse_rule)
@format_option
@ends_with_status
def rules_command(*, code: str | None, form: str) -> int:
    """Show the rules that zones are judged by, or one of them.

    With a CODE such as MX001: what happens to the mail and why, a zone that breaks the rule
    with what check says of it, and its fix.
    """
    if form == "json":
        document = (
            _page_document(read_pages()[code])
            if code
            else {"rules": [_row_document(each) for each in CATALOGUE]}
        )
        say(json.dumps(document, indent=2))
    elif code:
        say(_format_page(read_pages()[code]))
    else:
        for each in CATALOGUE:
            say(_format_row(each))
    return 0


def _format_row(code: str) -> str:
    rule = CATALOGUE[code]
    off = "" if rule.default else "; off unless selected"
    level = click.style(f"{LEVELS[rule.level]!s:<7}", bold=rule.level == "E")
    return f"{code}  {level}  {rule.title} ({rule.rfc}){off}"


def _format_page(page: Page) -> str:
    rule = CATALOGUE[page.code]
    texts = Texts({file: text.encode() for file, text in page.files(page.bad).items()})
    found = [
        format_finding(finding, texts)
        for finding in page.judge(page.bad)
        if finding.code == page.code
    ]
    before = {f"{page.origin}yaml, as it is served": page.served} if page.served else {}
    title = click.style(f"{page.code}: {rule.title}", bold=True)
    return "\n\n".join(
        (
            f"{title}\n{describe_rule(page.code)}; see {rule.rfc}",
            textwrap.fill(page.why, WIDTH),
            *_format_files(before | page.files(page.bad)),
            *found,
            click.style("the fix", bold=True),
            *_format_files({next(iter(page.files(page.good))): page.good}),
        )
    )


def _format_files(files: dict[str, str]) -> list[str]:
    return [
        f"{file}:\n{textwrap.indent(text.rstrip(), '    ')}" for file, text in files.items()
    ]


def _row_document(code: str) -> dict[str, Any]:
    rule = CATALOGUE[code]
    return {
        "code": code,
        "level": str(LEVELS[rule.level]),
        "title": rule.title,
        "rfc": rule.rfc,
        "waivable": rule.waivable,
        "default": rule.default,
    }


def _page_document(page: Page) -> dict[str, Any]:
    findings = [each for each in page.judge(page.bad) if each.code == page.code]
    return {
        **_row_document(page.code),
        "why": page.why,
        "bad": {
            "files": page.files(page.bad),
            "findings": [each.document() for each in findings],
        },
        "good": {"files": page.files(page.good)},
    }
