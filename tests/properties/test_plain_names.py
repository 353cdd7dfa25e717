"""Zone files read by pattern and in full: the same records, findings and places."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.unit.zonefile.yaml_sources import FILE, ORIGIN, read
from zoneserver.zonefile.source import Defaults, ZoneSource
from zoneserver.zonefile.yaml_zone import read_in_full

OWNERS = st.sampled_from(
    ["a", "b", "c.d", "1", "null", "''", "'*.w'", "$ttl", "<<", "-x", "e f"]
)
TYPES = st.sampled_from(["A", "MX", "MX", "TXT", "NS", "AAAA", "SRV", "a", "BAD"])
SCALARS = st.sampled_from(
    [
        "192.0.2.1", "h.example.com.", "h.", "2001:db8::1", "2001:db8::", "'v=spf1 -all'",
        '"t"', "v=spf1 mx ~all", "a: b", "a #b", "'it''s'", r'"\x41"', "~", "", "'", "10", "1h",
        "[192.0.2.1, 192.0.2.2]", "[a,b]", "[]", "|", ">-", "&a x", "*a", "!t x", r"'\# 1 00'",
        "{preference: 10, exchange: h.example.com.}", "{exchange: h., preference: 010}",
    ]
)  # fmt: skip
# Lines that make of the names around them something else.
TURNS = st.sampled_from(
    [
        "", "# c", "---", "...", "%YAML 1.1", 'a: "open', 'close"', "a: {", "}", "a: [b,", "]",
        "x: |", "x: |+", "x: >-", "  text", "- z", "  - z", "&a k: v", "*a : b", "? k", ": v",
        "a: &a", "a: !t", "a: '", "'", "w", "  b: c", "<<: *a", "k: *a", "!t", "{", "[",
    ]
)  # fmt: skip


@st.composite
def _lines_of_a_record(draw: st.DrawFn, indent: str) -> list[str]:
    """The keys of a record, one to a line, each `indent` in."""
    keys = [f"type: {draw(TYPES)}", *draw(st.sampled_from([[], [], ["ttl: 60"], ["ttl: x"]]))]
    value = draw(st.sampled_from(["value", "values"]))
    below = indent + draw(st.sampled_from(["", "  ", "  ", "   "]))
    dash = draw(st.sampled_from(["- ", "- ", "- ", "", "-"]))
    fields = ["preference: 10", "exchange: h.example.com."]
    values = draw(
        st.one_of(
            SCALARS.map(lambda text: [f"{indent}{value}: {text}"]),
            st.lists(SCALARS, max_size=3).map(
                lambda texts: [f"{indent}{value}:", *(f"{below}{dash}{text}" for text in texts)]
            ),
            st.permutations(fields).map(
                lambda pair: [
                    f"{indent}{value}:",
                    f"{below}{dash}{pair[0]}",
                    f"{below}{' ' * len(dash)}{pair[1]}",
                ]
            ),
        )
    )
    return [*(indent + key for key in draw(st.permutations(keys))), *values]


FLOW = st.builds(
    lambda rtype, ttl, value: f"{{type: {rtype}, {ttl}value: {value}}}",
    TYPES,
    st.sampled_from(["", "", "ttl: 60, "]),
    SCALARS,
)


@st.composite
def _name(draw: st.DrawFn) -> list[str]:
    """The lines of a name."""
    owner = draw(OWNERS)
    indent = draw(st.sampled_from(["", "  ", "  ", "    "]))
    if draw(st.booleans()):
        return [f"{owner}: {draw(FLOW)}"]
    if draw(st.booleans()):
        return [f"{owner}:", *draw(_lines_of_a_record(indent))]
    lines = [f"{owner}:"]
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            lines.append(f"{indent}- {draw(FLOW)}")
        else:
            first, *rest = draw(_lines_of_a_record(f"{indent}  "))
            lines += [f"{indent}- {first.lstrip()}", *rest]
    return lines


PIECES = st.one_of(_name(), _name(), _name(), TURNS.map(lambda line: [line]))
FILES = st.lists(PIECES, min_size=1, max_size=7).map(
    lambda pieces: "".join(f"{line}\n" for piece in pieces for line in piece)
)


@given(FILES)
@settings(max_examples=examples(2000), deadline=None)
def test_patterns_change_nothing(text: str) -> None:
    """Whatever stands around a name, the patterns read what libyaml and the composer read."""
    assert _in_full(text) == read(text)


def _in_full(text: str) -> ZoneSource:
    def include(path: str) -> bytes:
        raise FileNotFoundError(2, "No such file or directory", path)

    return read_in_full(ORIGIN, {FILE: text.encode()}, include, Defaults())
