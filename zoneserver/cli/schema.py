"""`zoneserver schema`: what editors need in order to complete and check files."""

import json

import click

from zoneserver.cli.status import ends_with_status
from zoneserver.mail.presets import PRESETS
from zoneserver.service.configuration.schema import configuration_schema
from zoneserver.service.logs.terminal import say
from zoneserver.zonefile.schema import zone_schema


@click.command("schema")
@click.argument("kind", type=click.Choice(["zone", "config"]), default="zone")
@ends_with_status
def schema_command(*, kind: str) -> int:
    """Print the JSON Schema of zone files, or of the configuration.

    For editors: zoneserver schema > zones/.schema.json
    """
    schema = zone_schema(PRESETS) if kind == "zone" else configuration_schema()
    say(json.dumps(schema, indent=2))
    return 0
