"""`zoneserver serve`: the server."""

import dataclasses
import os
from pathlib import Path

import click

from zoneserver.cli.parameters import config_option, parse_endpoint, read_settings
from zoneserver.cli.status import ends_with_status
from zoneserver.service.configuration.settings import (
    ENGINES,
    MOST_WORKERS,
    Settings,
    default_state,
)
from zoneserver.service.control.control_socket import default_control
from zoneserver.service.running import server
from zoneserver.service.running.privileges import Privileges
from zoneserver.transports.endpoint import Endpoint


@click.command("serve")
@click.option(
    "--zones",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of zone files.  [default: ./zones]",
)
@click.option(
    "--listen",
    type=parse_endpoint,
    multiple=True,
    metavar="ADDR:PORT",
    help="Where to answer, on UDP and TCP; may be repeated.  [default: port 5300 on loopback]",
)
@config_option
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for what must outlive a restart.  [default: ~/.local/state/zoneserver]",
)
@click.option("--strict-start", is_flag=True, help="Do not start if a zone has errors.")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    help="What answers: the compiled engine, or Python alone.  [default: auto]",
)
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    metavar="N",
    help="Processes that answer.  [default: one for each core]",
)
@click.option(
    "--user",
    metavar="NAME[:GROUP]",
    help="Become this user once started; then root is needed for the port alone.",
)
@click.option("--allow-root", is_flag=True, help="Let root serve others and stay root.")
@click.option(
    "--watch/--no-watch",
    default=None,
    help="Whether an edit is taken up at once, without a reload.  [default: watch]",
)
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The control socket, for status, reload and the like.  [default: in the state folder]",
)
@click.option(
    "--replace",
    is_flag=True,
    help="Take the place of the server that runs, and its sockets: no query is lost.",
)
@ends_with_status
def serve_command(
    *,
    zones: Path | None,
    listen: tuple[Endpoint, ...],
    config: Path | None,
    state: Path | None,
    strict_start: bool,
    engine: str | None,
    workers: int | None,
    user: str | None,
    allow_root: bool,
    watch: bool | None,
    control: Path | None,
    replace: bool,
) -> int:
    """Serve the zones of a folder.

    It takes up what is edited. SIGHUP reads all again, SIGTERM ends the server.
    """

    def told_settings() -> Settings:
        settings = read_settings(config, keys=True)
        told = settings.privileges
        privileges = Privileges(user or told.user, allow_root or told.allow_root)
        own_state = state or settings.state or default_state(os.environ, privileges.user)
        return dataclasses.replace(
            settings,
            zones=zones or settings.zones,
            listen=listen or settings.listen,
            state=own_state,
            strict_start=strict_start or settings.strict_start,
            engine=engine or settings.engine,
            workers=workers or settings.workers,
            privileges=privileges,
            watch=settings.watch if watch is None else watch,
            control=control or settings.control or default_control(os.environ, own_state),
        )

    return server.serve(told_settings, replace=replace)
