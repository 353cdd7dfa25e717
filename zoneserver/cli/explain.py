"""`zoneserver explain`: the path of mail to an address."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from zoneserver.cli.parameters import config_option, format_option, read_settings
from zoneserver.cli.status import EXIT_FINDINGS, ends_with_status
from zoneserver.errors import NameSyntaxError
from zoneserver.mail.document import path_document
from zoneserver.mail.path import explain
from zoneserver.mail.route import Fate
from zoneserver.mail.text import format_path
from zoneserver.service.disk.gather import gather
from zoneserver.service.disk.loading import judge_loaded, load
from zoneserver.service.keeping.garbage import collector_resting
from zoneserver.service.logs.terminal import printable, say
from zoneserver.validator.world import world_of


@click.command("explain")
@click.argument("address")
@click.option(
    "--zones",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Folder of zone files, or one zone file; served or not.  [default: ./zones]",
)
@config_option
@format_option
@ends_with_status
def explain_command(*, address: str, zones: Path | None, config: Path | None, form: str) -> int:
    """Show the path of mail to an address.

    ADDRESS is user@domain, a domain or a host. Says which hosts senders try, in what order,
    and what breaks it; nobody is asked, no mail is sent. Exit status 1 where the mail does
    not arrive, unless a null MX refuses it on purpose.
    """
    settings = read_settings(config)
    files = gather((zones or settings.zones,))
    with collector_resting():
        loaded = load(files, settings.defaults)
        findings = judge_loaded(loaded, datetime.now(UTC).date())
    try:
        path = explain(world_of(loaded.candidates, loaded.unread), findings, address)
    except NameSyntaxError as error:
        raise click.BadParameter(printable(str(error)), param_hint="ADDRESS") from error
    text = format_path(path) if form == "text" else json.dumps(path_document(path), indent=2)
    say(printable(text, keep="\n"))
    return EXIT_FINDINGS if path.fate is Fate.BOUNCED else 0
