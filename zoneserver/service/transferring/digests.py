"""Copies held against the digest that their zone tells of itself (RFC 8976)."""

from itertools import islice
from pathlib import Path

from zoneserver.dnssec.zonemd import ZoneDigest
from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.zonefile.lines import read_lines

_LINES = 4096  # that are read at once: as records they take much more than as text


def verify_digest(path: Path, origin: Name) -> None:
    """See whether a copy is what its owner made. Raises OSError, or TransferError: it is not.

    A copy with no digest that can be verified here passes (RFC 8976 4).
    """
    digest = ZoneDigest(origin)
    with path.open("rb") as file:
        while lines := list(islice(file, _LINES)):
            digest.add_records(read_lines("", b"".join(lines), origin).records)
    if fault := digest.find_fault():
        raise TransferError(f"it is not the zone that its owner made: {fault}")
