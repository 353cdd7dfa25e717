"""What people read of the keys of a zone."""

from typing import Any

import pytest

from zoneserver.cli.keys_text import format_zone_keys

ASKED = 1_795_000_000.0  # 2026-11-18 11:06:40Z
PARENTS: dict[str, tuple[dict[str, Any] | None, str]] = {
    "not asked": (None, ""),
    "nothing there": ({"records": [], "error": ""}, "{}: it has no DS"),
    "some": (
        {"records": ["2 13 2 ab", "10 13 2 cd", "10 13 4 ef"], "error": ""},
        "{}: it has the DS of 10, 2",
    ),
    "in vain": (
        {"records": ["2 13 2 ab"], "error": "192.0.2.1:53: it answers SERVFAIL"},
        "{}, in vain: 192.0.2.1:53: it answers SERVFAIL",
    ),
}


@pytest.mark.parametrize("what", PARENTS)
def test_what_the_parent_says(what: str) -> None:
    """When it was asked, and what came of it."""
    parent, says = PARENTS[what]
    if parent is not None:
        parent = {"asked": ASKED, **parent}
    zone: dict[str, Any] = {"zone": "a.", "error": "", "parent": parent}
    zone |= {"keys": [], "rollovers": [], "todo": []}
    expected = (
        [f"    {says.format('the parent was asked 2026-11-18 11:06:40Z')}"] if says else []
    )

    assert ["a.", *expected] == list(format_zone_keys(zone))
