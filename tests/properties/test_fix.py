"""Mended zones: the records are what was meant, whatever the layout, and comments stay."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.validator.fixing import APEX, BASE, FOLDER, mend_zones
from tests.unit.zonefile.yaml_sources import read, records

HOSTS = ("mail", "web", "ns1")
ALIASES = "".join(f"to-{host}: {{type: CNAME, value: {host}.example.com.}}\n" for host in HOSTS)
START = APEX + BASE + ALIASES
SPELLINGS = (
    "{}.example.com.",
    "'{}.example.com.'",
    "to-{}.example.com.",
    '"to-{}.example.com."',
    "{}.example.com",
    "'{}'",
    "{}.example.com.example.com.",
)
STYLES = ("block", "flow", "lines", "records")


class Item(NamedTuple):
    """An MX that is meant, and how its exchanger is spelt."""

    preference: int
    host: str
    spelling: str

    @property
    def flow(self) -> str:
        """In braces."""
        return f"{{exchange: {self.spelling}, preference: {self.preference}}}"


@st.composite
def _items(draw: st.DrawFn) -> list[Item]:
    """The MX of one name, one for each host, some of them twice."""
    hosts = draw(st.lists(st.sampled_from(HOSTS), min_size=1, unique=True))
    meant = [(draw(st.integers(0, 65535)), host) for host in hosts]
    repeats = draw(st.lists(st.sampled_from(meant), max_size=2))
    return [
        Item(preference, host, draw(st.sampled_from(SPELLINGS)).format(host))
        for preference, host in draw(st.permutations(meant + repeats))
    ]


def _lines(owner: str, items: list[Item], style: str) -> Iterator[str]:
    """All MX of a name in one of four layouts; lines with `keep` hold no MX."""
    yield f"{owner}:  # keep"
    if style == "block":
        yield from ("- type: MX", "  values:  # keep")
        for item in items:
            yield "    # keep"
            yield f"    - exchange: {item.spelling} # gone with the item, if it goes"
            yield f"      preference: {item.preference}"
    elif style == "flow":
        yield f"- {{type: MX, values: [{', '.join(item.flow for item in items)}]}}"
    elif style == "lines":
        yield from ("- type: MX", "  values: [  # keep")
        yield from (f"    {item.flow}, # as above" for item in items)
        yield "  ]  # keep"
    else:
        yield from (f"- {{type: MX, value: {item.flow}}}" for item in items)
    yield "- {type: TXT, value: stays}  # keep"


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "'*.c'"]), st.tuples(_items(), st.sampled_from(STYLES))
    )
)
def test_fixed_zones(zone: dict[str, tuple[list[Item], str]]) -> None:
    """Each MX that is meant is there once, the rest is as it was, and nothing is left to do."""
    lines = [line for owner, each in zone.items() for line in _lines(owner, *each)]
    before = START + "".join(f"{line}\n" for line in lines)
    mended = mend_zones({"example.com": before})
    after = mended.texts[f"{FOLDER}/example.com.yaml"].decode()
    meant = {
        f"{owner.strip(chr(39))} 3600 MX {item.preference} {item.host}.example.com."
        for owner, (items, _) in zone.items()
        for item in items
    }
    texts = {f'{owner.strip(chr(39))} 3600 TXT "stays"' for owner in zone}
    source = read(after)

    assert source.findings == ()
    assert records(source) == records(read(START)) | meant | texts
    assert max(Counter(each[:4] for each in source.records).values()) == 1
    assert after.startswith(START)
    assert [line for line in after.split("\n") if "keep" in line] == [
        line for line in lines if "keep" in line
    ]
    assert mend_zones({"example.com": after}).changes == ()
