"""Type numbers and their mnemonics."""

import dns.rdatatype
import pytest

from zoneserver.records import rtypes
from zoneserver.records.rtypes import find_rtype, is_meta, mnemonic, suggest

NAMES = [(1, "A"), (15, "MX"), (28, "AAAA"), (99, "SPF"), (65, "HTTPS"), (65280, "TYPE65280"),
         (65535, "TYPE65535"), (46, "RRSIG"), (257, "CAA"), (30, "NXT")]  # fmt: skip


@pytest.mark.parametrize(("rtype", "text"), NAMES)
def test_mnemonic(rtype: int, text: str) -> None:
    """The registry's name, or TYPEn (RFC 3597 5)."""
    assert text == mnemonic(rtype)
    assert rtype == find_rtype(text) == find_rtype(text.lower())


def test_numbers() -> None:
    """The numbers written down here are the registry's."""
    ours = {
        name: value for name, value in vars(rtypes).items() if name.isupper() and name[0] != "_"
    }
    assert len(ours) > 20
    assert {name: int(dns.rdatatype.from_text(name)) for name in ours} == ours


@pytest.mark.parametrize(("text", "rtype"), [("TYPE1", 1), ("TYPE15", 15), ("type65280", 65280),
                                             ("TYPE0", 0), ("TYPE65535", 65535)])  # fmt: skip
def test_generic_names(text: str, rtype: int) -> None:
    """TYPEn works for known types as well."""
    assert rtype == find_rtype(text)


@pytest.mark.parametrize(
    "text", ["", "MXX", "TYPE", "TYPE65536", "TYPE-1", "TYPEx", "1", " A", "A B"]
)
def test_no_types(text: str) -> None:
    """Words that are no type."""
    assert find_rtype(text) is None


@pytest.mark.parametrize(
    ("rtype", "meta"),
    [(0, True), (1, False), (41, True), (99, False), (127, False), (128, True), (249, True),
     (250, True), (251, True), (252, True), (253, True), (254, True), (255, True), (256, False),
     (65280, False)],
)  # fmt: skip
def test_meta(rtype: int, *, meta: bool) -> None:
    """Types that stand in messages only (RFC 6895 3.1)."""
    assert meta == is_meta(rtype)


@pytest.mark.parametrize(
    ("text", "close"), [("CNAM", "CNAME"), ("aaa", "AAAA"), ("HTTP", "HTTPS"), ("qqqqqqqq", "")]
)
def test_suggest(text: str, close: str) -> None:
    """The nearest word, if one is near."""
    assert close == suggest(text)
