"""What a running server says of the keys of zones, for people."""

from collections.abc import Iterator

from zoneserver.cli.control_text import format_time
from zoneserver.service.control.control_socket import Document


def format_keys(answer: Document) -> str:
    """Each zone: its keys, what is waited for, and what is to be done."""
    lines = [line for zone in answer["zones"] for line in format_zone_keys(zone)]
    lines += [f"{name} is not signed here" for name in answer["unknown"]]
    return "\n".join(lines) or "no zone is signed here"


def format_zone_keys(zone: Document) -> Iterator[str]:
    """The lines of one zone."""
    yield zone["zone"]
    if zone["error"]:
        yield f"  error: {zone['error']}"
    for key in zone["keys"]:
        made = format_time(key["made"]) if key["made"] else "nobody knows when"
        yield (
            f"  key {key['tag']} ({key['role']}, {key['algorithm']}): {key['does']};"
            f" made {made}"
        )
    for roll in zone["rollovers"]:
        sides = [", ".join(map(str, roll[each])) for each in ("old", "new") if roll[each]]
        since = format_time(roll["since"])
        yield f"  {roll['what']} ({' -> '.join(sides)}): {roll['stage']} since {since}"
        until = f" until {format_time(roll['until'])}" if roll["until"] else ""
        yield f"    waits{until}: {roll['waits']}"
    if zone["parent"]:
        yield f"    {_describe_parent(zone['parent'])}"
    if zone["keys"] and not zone["rollovers"]:
        yield "  nothing is waited for"
    for each in zone["todo"]:
        yield f"  to do: {each}"


def _describe_parent(parent: Document) -> str:
    """What came of asking for the DS."""
    asked = f"the parent was asked {format_time(parent['asked'])}"
    if parent["error"]:
        return f"{asked}, in vain: {parent['error']}"
    tags = ", ".join(sorted({record.split()[0] for record in parent["records"]}))
    return f"{asked}: it has the DS of {tags}" if tags else f"{asked}: it has no DS"
