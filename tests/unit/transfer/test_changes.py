"""Differences applied to the lines of a copy."""

import pytest

from tests.unit.transfer.answers import A1, A2, A3, ORIGIN, answer, changes, soa, texts
from zoneserver.errors import TransferError
from zoneserver.transfer.changes import Changes
from zoneserver.transfer.incoming import Difference

TXT = 'a1.example.org. 300 IN TXT "Case counts"'
MX = "b.example.org. 300 IN MX 10 Mail.example.org."


def _differences(*parts: tuple[list[str], list[str]]) -> list[Difference]:
    """Those that a primary has sent, each with what it deletes and what it adds."""
    last = 1 + len(parts)
    rows = [soa(last)]
    for serial, (deleted, added) in enumerate(parts, 1):
        rows += [soa(serial), *deleted, soa(serial + 1), *added]
    incoming = changes(1)
    texts(incoming, [answer(*rows, soa(last), qtype="IXFR")])
    assert incoming.is_done
    return incoming.differences


def _line(text: str) -> str:
    return "\t".join(text.split(" ", 4))


def _apply(lines: list[str], *parts: tuple[list[str], list[str]]) -> list[str]:
    applied = Changes(ORIGIN, _differences(*parts)).apply(map(_line, lines))
    return [line.replace("\t", " ") for line in applied]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([([], [])], [A1, A2, TXT]),
        ([([A1], [])], [A2, TXT]),
        ([([], [A3])], [A1, A2, TXT, A3]),
        ([([A2], [A3])], [A1, TXT, A3]),
        ([([A1, A2, TXT], [A3])], [A3]),
        ([([TXT], [TXT.replace("Case", "case")])], [A1, A2, TXT.replace("Case", "case")]),
        # A record gets another TTL: the old one goes, the new one comes (RFC 1995 4).
        ([([A1], [A1.replace("300", "60")])], [A1.replace("300", "60"), A2, TXT]),
        ([([A1.replace("300", "60")], [])], [A2, TXT]),  # whichever TTL is named
        # Several in a row are as one.
        ([([A1], [A3]), ([A3], [A1])], [A1, A2, TXT]),
        ([([A1], []), ([A2], [A1]), ([A1], [A3])], [TXT, A3]),
        ([([], [A3]), ([A3], []), ([], [A3])], [A1, A2, TXT, A3]),
        # What is there may come again, as NSD has it.
        ([([A2], [A1, A3])], [A1, TXT, A3]),
        ([([], [A1]), ([A1], [])], [A2, TXT]),
        # Names are compared without regard to case.
        ([([A1.upper()], [])], [A2, TXT]),
    ],
)
def test_applied(parts: list[tuple[list[str], list[str]]], expected: list[str]) -> None:
    """What they delete is gone, what they add is there, all else stays where it was."""
    assert expected == _apply([A1, A2, TXT], *parts)


def test_case_of_names_in_rdata_does_not_count() -> None:
    """A compressed name has the case of the one that it points to."""
    assert [A1] == _apply([A1, MX], ([MX.lower().replace(" in mx ", " IN MX ")], []))


def test_line_twice_goes_twice() -> None:
    """A primary may send a record twice in a whole zone; it is one all the same."""
    assert [A2] == _apply([A1, A2, A1], ([A1], []))
    assert [A3, A2] == _apply([A3, A2, A3], ([A3], []), ([], [A3]))


@pytest.mark.parametrize(
    ("lines", "parts", "reason"),
    [
        ([A1], [([A2], [])], "deletes what is not there"),
        ([A1], [([TXT], [])], "deletes what is not there"),
        ([A1, TXT], [([TXT.replace("Case", "case")], [])], "deletes what is not there"),
        ([A1], [([], [A1.replace("300", "60")])], "adds what is there"),
        ([A1], [([A1, A1], [])], "delete the same twice"),
        ([A1], [([A1], []), ([A1], [])], "delete the same twice"),
        ([A1], [([], [A2, A2])], "add the same twice"),
        ([A1], [([], [A2]), ([], [A2])], "add the same twice"),
    ],
)
def test_not_of_this_version(
    lines: list[str], parts: list[tuple[list[str], list[str]]], reason: str
) -> None:
    """Acceptance 85: differences that do not fit what we have come to nothing."""
    with pytest.raises(TransferError, match=reason):
        _apply(lines, *parts)
