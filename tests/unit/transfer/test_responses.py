"""Messages with names that point, rightly and wrongly."""

import sys
import time

import pytest

from zoneserver.errors import TransferError
from zoneserver.transfer.responses import WireRecord, decode_response

HEADER = b"\0\1\x84\0\0\0\0\1\0\0\0\0"  # one answer
FIXED = b"\0\1\0\1\0\0\0\5\0\4"
# For one message, whatever it is made of; traced tests are slow.
MOST_SECONDS = 5.0 if sys.gettrace() else 0.5
ADDRESS = b"\xc0\0\2\1"


def test_record() -> None:
    """As it stands."""
    response = decode_response(HEADER + b"\1a\0" + FIXED + ADDRESS)

    assert (WireRecord(b"\1a\0", 1, 1, 5, ADDRESS),) == response.answers
    assert (1, 0, None) == (response.message_id, response.rcode, response.question)


def test_name_points_back() -> None:
    """To the middle of a name, through another pointer, in rdata."""
    question = b"\1b\1a\0\0\1\0\1"
    first = b"\1c\xc0\x0e" + FIXED + ADDRESS
    at = 12 + len(question)
    second = bytes((0xC0, at)) + b"\0\2\0\1\0\0\0\5\0\4\1d" + bytes((0xC0, at))
    octets = b"\0\1\x84\0\0\1\0\2\0\0\0\0" + question + first + second
    names = [(each.owner, each.rdata) for each in decode_response(octets).answers]

    assert [(b"\1c\1a\0", ADDRESS), (b"\1c\1a\0", b"\1d\1c\1a\0")] == names


LONG = b"".join(b"\x3f" + b"x" * 63 for _ in range(3))


@pytest.mark.parametrize(
    "owner",
    [
        b"\xc0\x0c",  # itself
        b"\1a\xc0\x0c",  # its own beginning
        b"\xc0\x0e\0",  # what comes behind
        b"\xc0\xff",
        b"\x40a\0",
        b"\x80a\0",
        LONG + b"\x3f" + b"x" * 63 + b"\0",
    ],
)
def test_name_cannot_be_read(owner: bytes) -> None:
    """It is refused, whatever else there is."""
    with pytest.raises(TransferError, match="name"):
        decode_response(HEADER + owner + FIXED + ADDRESS)


def test_longest_name() -> None:
    """255 octets are a name (RFC 1035 2.3.4)."""
    owner = LONG + b"\x3d" + b"x" * 61 + b"\0"

    assert owner == decode_response(HEADER + owner + FIXED + ADDRESS).answers[0].owner


@pytest.mark.parametrize("rtype", [2, 6, 14, 15, 33, 35, 36])
def test_rdata_does_not_reach_behind_its_end(rtype: int) -> None:
    """A name in it that goes on in the next record is none."""
    fixed = rtype.to_bytes(2, "big") + b"\0\1\0\0\0\5\0\4"
    with pytest.raises(TransferError):
        decode_response(HEADER + b"\0" + fixed + b"\x20" * 4 + bytes(60))


def test_pointers_cost_little() -> None:
    """64 KB of them, each to the one before, and every record at another one of them."""
    chain = b"\0\0" + b"".join((0xC000 + 12 + 2 * n).to_bytes(2, "big") for n in range(4000))
    records = 5000
    octets = b"\0\1\x84\0\0\0" + (records + 1).to_bytes(2, "big") + b"\0\0\0\0"
    # The chain is the rdata of the first record, whose owner is the root.
    octets += b"\0\xff\0\0\1\0\0\0\5" + len(chain).to_bytes(2, "big") + chain
    pointer = (0xC000 + len(octets) - 2 * 3000).to_bytes(2, "big")
    octets += (pointer + b"\0\1\0\1\0\0\0\5\0\0") * records
    begun = time.process_time()
    with pytest.raises(TransferError, match="name"):
        decode_response(octets[:65_535])
    assert time.process_time() - begun < MOST_SECONDS


def test_deep_pointers_cost_little() -> None:
    """As deep as is allowed, for every record anew: the second time it is known."""
    labels = b"\0" + b"".join(
        b"\1a" + (0xC000 + 23 + max(0, 4 * n - 7)).to_bytes(2, "big") for n in range(1, 101)
    )
    octets = b"\0\1\x84\0\0\0\x0f\xa1\0\0\0\0"
    octets += b"\0\xff\0\0\1\0\0\0\5" + len(labels).to_bytes(2, "big") + labels
    pointer = (0xC000 + len(octets) - 4).to_bytes(2, "big")
    octets += (pointer + b"\0\1\0\1\0\0\0\5\0\0") * 4000
    begun = time.process_time()
    response = decode_response(octets)

    assert time.process_time() - begun < MOST_SECONDS
    assert len(response.answers) == 4001
    assert response.answers[-1].owner == b"\1a" * 100 + b"\0"
