"""The schema of the configuration file, for editors."""

from typing import Any

from zoneserver.service.configuration.sections import Configuration
from zoneserver.zonefile.schema import DRAFT


def configuration_schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    schema = Configuration.model_json_schema()
    for section in (schema, *schema["$defs"].values()):
        for key in section["properties"].values():
            key.pop("title", None)
            if key.get("default", ...) is None:  # no value that could be written
                del key["default"]
    return {"$schema": DRAFT, **schema, "title": "zoneserver configuration"}
