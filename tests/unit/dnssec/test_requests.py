"""What a zone asks its parent for, as BIND's dnssec-cds reads it for the parent (RFC 7344)."""

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.zones_text import zone
from zoneserver.dnssec.life import Life
from zoneserver.dnssec.lifecycle import begin, create
from zoneserver.dnssec.policy import Policy
from zoneserver.dnssec.rolls import Kind, Stage
from zoneserver.dnssec.sign import Plan, find_period, sign_zone
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import CDS, Rdata
from zoneserver.records.rrset import Record

ORIGIN = Name.parse("example.")
MARK = Mark("example.yaml", 1, 1)
ASKING = {rtypes.DNSKEY, rtypes.CDS, rtypes.CDNSKEY}
SPLIT = Policy(is_split=True)
ROLLS = {
    "KSK": (SPLIT, SPLIT, Kind.KSK),
    "CSK": (Policy(), Policy(), Kind.CSK),
    "algorithm": (Policy(), Policy(algorithm=15), Kind.ALL),
    "another digest": (Policy(algorithm=8), Policy(algorithm=16), Kind.ALL),
}


def submitting(before: Policy, after: Policy, kind: Kind, now: int) -> tuple[Life, Life]:
    """Keys at rest, and the same while the parent is asked for the DS of others."""
    first = replace(create(before, now), rolls=())
    life = begin(first, kind, now)
    if kind is Kind.ALL:
        new = create(after, now).keys
        tags = tuple(key.tag for key in new)
        roll = replace(life.rolls[0], new=tags)
        life = replace(life, keys=(*first.keys, *new), rolls=(roll,))
    return first, replace(life, rolls=(life.rolls[0].enter(Stage.SUBMITTING, now),))


def read_child(life: Life, now: int) -> Iterator[str]:
    """What a parent reads at the child."""
    plan = Plan(life.uses, find_period(ORIGIN, now))
    for each in sign_zone(zone("www A 192.0.2.1"), plan, MARK):
        if each.owner == ORIGIN and (each.rtype in ASKING or covers(each) in ASKING):
            kind = rtypes.mnemonic(each.rtype)
            yield f"{each.owner} {each.ttl} IN {kind} {each.rdata.text}\n"


def covers(record: Record) -> int:
    """The type that a signature is of."""
    is_signature = record.rtype == rtypes.RRSIG
    return int.from_bytes(record.rdata.wire[:2], "big") if is_signature else 0


def ds_of(life: Life) -> set[str]:
    """The DS records that keys ask for."""
    asking: Sequence[Rdata] = [use.key.cds(ORIGIN) for use in life.uses if use.duty.submits]
    return {each.text.lower() for each in asking if isinstance(each, CDS)}


@pytest.mark.parametrize("what", ROLLS)
def test_a_parent_heeds_what_is_asked(tmp_path: Path, what: str) -> None:
    """It trusts the old DS, and has the new one then."""
    if shutil.which("dnssec-cds") is None:
        pytest.skip("dnssec-cds is not installed (Debian: bind9-utils)")
    now = int(time.time())
    first, life = submitting(*ROLLS[what], now)
    (tmp_path / "child").write_text("".join(read_child(life, now)))
    old = "".join(f"example. 3600 IN DS {each}\n" for each in ds_of(first))
    (tmp_path / "dsset-example.").write_text(old)
    command = [
        "dnssec-cds",
        "-f",
        "child",
        "-d",
        "dsset-example.",
        "-s",
        "-31536000",
        "example",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    found = {line.split(" DS ", 1)[1].lower() for line in done.stdout.splitlines()}

    assert done.returncode == 0, done.stderr
    assert ds_of(first) != ds_of(life)
    assert ds_of(life) == found
