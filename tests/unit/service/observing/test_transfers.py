"""What is known of other servers and of copies: kept by what the courier tells, told on."""

import json
from typing import Any

import pytest

from zoneserver.service.observing import transfers as module
from zoneserver.service.observing.overview import Overview
from zoneserver.service.observing.transfers import CopyState, SecondaryState, Transfers

ONE: dict[str, Any] = {
    "zone": "example.com.",
    "server": "192.0.2.53",
    "serial": 7,
    "since": 5.0,
}
OTHER: dict[str, Any] = ONE | {"server": "192.0.2.54", "problem": "does not answer NOTIFY"}
COPY: dict[str, Any] = {"zone": "example.net.", "primary": "192.0.2.1", "serial": 3}


def told(*documents: dict[str, Any]) -> Transfers:
    """What an overview knows after it was told these."""
    overview = Overview()
    for document in documents:
        overview.update({"transfers": json.loads(json.dumps(document))})
    return overview.transfers


def test_rows_are_kept_by_zone_and_server() -> None:
    """However the zone is written where it is asked for; a row replaces the one before."""
    transfers = told({"secondaries": [OTHER, ONE], "copies": [COPY]}, {"secondaries": [ONE]})
    assert [SecondaryState(**ONE), SecondaryState(**OTHER)] == transfers.servers("Example.COM.")
    assert [] == transfers.servers("example.net.")
    assert CopyState(**COPY) == transfers.copy("EXAMPLE.net.")


def test_rows_go() -> None:
    """One by one, or all where there is a new courier."""
    rows = {"secondaries": [ONE, OTHER], "copies": [COPY]}
    gone = [["example.com.", "192.0.2.53"], ["other.example.", "192.0.2.53"]]
    transfers = told(rows, {"gone": gone, "no_copies": ["example.net.", "other.example."]})
    assert [SecondaryState(**OTHER)] == list(transfers.each_secondary())
    assert {} == transfers.copies
    assert Transfers() == told(rows, {"anew": True})


@pytest.mark.parametrize("at_once", [1, 2, 500])
def test_all_of_it_is_told_on(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """A few rows at a time, and nothing that was known there before is left."""
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    transfers = told({"secondaries": [ONE, OTHER], "copies": [COPY]})
    stale = {"secondaries": [ONE | {"zone": "old.example."}]}
    documents = list(transfers.documents())
    assert transfers == told(stale, *documents)
    assert 1 + -(-2 // at_once) + 1 == len(documents)
