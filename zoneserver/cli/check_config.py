"""`zoneserver check-config`: what the configuration says, and what is wrong in it."""

import os
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import click

from zoneserver.cli.parameters import config_option
from zoneserver.cli.status import EXIT_FINDINGS, ends_with_status
from zoneserver.errors import CertificateError, TransferError
from zoneserver.service.configuration.keys_file import read_keys
from zoneserver.service.configuration.read import (
    FILE,
    Source,
    list_told,
    list_unknown,
    read_configuration,
)
from zoneserver.service.disk.files import reason
from zoneserver.service.logs.terminal import log, printable, say
from zoneserver.service.running.certificates import read_pair
from zoneserver.service.transferring.session import make_context
from zoneserver.transfer.settings import PeerTls, TransferSettings
from zoneserver.transports.tls import TlsSettings


@click.command("check-config")
@config_option
@ends_with_status
def check_config_command(*, config: Path | None) -> int:
    """Read the configuration as the server would, and show what is set where.

    Exit status 2 where there is a mistake in it, 1 where what it names does not exist.
    """
    source = Source.find(config, os.environ)
    settings = read_configuration(source, keys=True)
    for told in list_told(source):
        say(printable(f"{told.key}: {told.value}  # {told.place}"))
    for name in list_unknown(os.environ):
        log(printable(f"note: no key belongs to the variable {name}; it is left alone"))
    if not settings.zones.is_dir():
        log(printable(f"error: the folder of zones, {settings.zones}, does not exist"))
        return EXIT_FINDINGS
    for text in read_keys(settings.keys).warnings if settings.keys else ():
        log(printable(f"warning: {text}"))
    if settings.tls:
        _check_certificate(settings.tls)
    for tls in _list_peers(settings.transfers):
        _check_peer(tls)
    say(printable(f"{source.file or f'no {FILE}, and defaults for the rest'}: no mistakes"))
    return 0


def _check_certificate(tls: TlsSettings) -> None:
    """Say what is wrong with it, which is no reason not to start."""
    try:
        _, validity = read_pair(tls)
        say(printable(f"{tls.certificate}: valid until {validity.end}"))
    except (CertificateError, OSError) as error:
        log(printable(f"warning: {error}; as long as that is so, there is no DNS over TLS"))


def _list_peers(transfers: TransferSettings) -> Iterable[PeerTls]:
    """How the servers are known that zones come from over TLS."""
    zones = (each.primaries for each in transfers.secondaries)
    catalogs = (
        (*each.primaries, *each.members, *chain.from_iterable(dict(each.groups).values()))
        for each in transfers.catalogs
    )
    peers = chain.from_iterable(chain(zones, catalogs))
    return dict.fromkeys(peer.tls for peer in peers if peer.tls)


def _check_peer(tls: PeerTls) -> None:
    """Say what is wrong with the files of one, which is no reason not to start."""
    try:
        make_context(tls)
    except (OSError, TransferError) as error:
        files = ", ".join(str(each) for each in (tls.ca, tls.certificate, tls.key) if each)
        why = reason(error) if isinstance(error, OSError) else error
        text = f"warning: {files}: {why}; as long as that is so, nothing comes from {tls.name}"
        log(printable(text))
