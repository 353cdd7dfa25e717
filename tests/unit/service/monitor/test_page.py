"""The status page: what a person reads, and what a zone cannot smuggle into it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.unit.service.monitor.mirrors import NOW, ZONES, make_mirror
from zoneserver.service.monitor import page as module
from zoneserver.service.monitor import shown
from zoneserver.service.monitor.charts import draw, say
from zoneserver.service.monitor.history import History
from zoneserver.service.monitor.mirror import Mirror
from zoneserver.service.monitor.page import write_page
from zoneserver.service.observing.overview import Reload, ZoneState
from zoneserver.transports.latency import MICROSECONDS
from zoneserver.zonefile.source import Kind


class Reader(HTMLParser):
    """Collects the text of a page, its rows and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: list[str] = []
        self.links: list[str] = []
        self.feed(page)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"} and value]
        self.text += " "

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def read(mirror: Mirror, **parameters: str) -> Reader:
    """The page of a mirror."""
    return Reader(write_page(mirror, History(), parameters, NOW).decode())


@pytest.mark.parametrize(
    "text",
    [
        "2 zones not served as written",
        "4 zones · version 1.2.3 · native engine · 2 workers · up 3 d · read 1 min ago",
        "error MX001 zones/<shop>.yaml:4:9 an <alias> & more. Fix: write \ufffd[31mMX",
        "example.com. mail.example.com. (10) 5 answered 1 no such name 7 2 h as written",
        "shop.example. nobody: the zone is not served never - - refused: its file has an error",
        "an older version is served: the file has an error",
        "4 zones, page 1 of 1",
        "example.com. 192.0.2.54 6 2 h 6 <does> not answer",
        "waived.example. 192.0.2.53 - - - answers with REFUSED",
        "example.com. 192.0.2.53 7 1 min 7 has what is served",
        "lost.example. - - - - - 192.0.2.1 <does> not answer",
        "waived.example. 192.0.2.1 2 5 min ago 30 s ago 2 h refreshed",
    ],
)
def test_text(text: str) -> None:
    """What it says, with what a zone has in it shown as it is."""
    assert text in read(make_mirror()).text


@pytest.mark.parametrize(
    ("zone", "row"),
    [
        (ZoneState("a.", 7, 12, "b. (10)", int(NOW), kind=Kind.SECONDARY),
         "a. b. (10) never 7 0 s secondary"),
        (ZoneState("a.", refused=True, kind=Kind.SECONDARY),
         "never - - secondary, refused: there is no copy that may be served"),
        (ZoneState("a.", 7, 12, "", int(NOW), kind=Kind.PRODUCED), "a. - never 7 0 s catalog"),
    ],
)  # fmt: skip
def test_kinds(zone: ZoneState, row: str) -> None:
    """What is not read from the folder of zones is told apart."""
    assert row in " ".join(read(make_mirror([zone])).text.split())


def test_zones_add_no_elements() -> None:
    """One script and one style sheet, both ours, whatever a zone is called."""
    reader = read(make_mirror())
    assert 1 == reader.elements.count("script")
    assert "b" not in reader.elements[reader.elements.index("table") :]
    assert {"/status.css", "/status.js"} == set(reader.links)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"ready": False}, "not answering yet"),
        ({"workers": [{"starts": 1, "published": 1}, {"starts": 4, "published": 0}]},
         "1 of 2 workers answer; 0 zones not served as written"),
        ({}, "every zone is served as its file says"),
    ],
)  # fmt: skip
def test_state(changes: dict[str, object], text: str) -> None:
    """The first line says whether anything is wrong."""
    assert text in read(make_mirror(ZONES[:1], **changes)).text


def test_failed_reload() -> None:
    """Why it failed, in a server that has nothing else to say."""
    mirror = make_mirror([])
    mirror.overview.reload = Reload(NOW - 3, 0.1, "failed", "no <folder>")
    reader = read(mirror)
    assert "the last reload failed 3 s ago: no <folder>" in reader.text
    assert "None. Nothing wants mending." in reader.text
    assert "not read yet" in read(Mirror()).text


def test_pages_and_search() -> None:
    """A hundred zones at a time, blocked ones first; those whose name has what is sought."""
    zones = [ZoneState(f"z{number:03}.example.", 1, loaded=1) for number in range(250)]
    mirror = make_mirror([*zones, ZoneState("zz.example.", stale=True)])
    first, third = read(mirror), read(mirror, page="3")
    assert first.text.index("zz.example.") < first.text.index("z000.example.")
    assert ("z098.example." in first.text, "z099.example." in first.text) == (True, False)
    assert {"?zone=&page=2"} == {link for link in first.links if "page" in link}
    assert "251 zones, page 3 of 3" in third.text
    sought = read(mirror, zone=" Z01", page="x")
    assert "10 zones, page 1 of 1" in sought.text
    assert "0 zones, page 1 of 1" in read(mirror, zone="<i>").text


def test_long_texts_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown has an end, and says how much more there is."""
    monkeypatch.setattr(module, "MOST_FINDINGS", 1)
    monkeypatch.setattr(shown, "MOST_CHARACTERS", 5)
    text = read(make_mirror()).text
    assert "an <a…" in text
    assert "and 1 more: zoneserver check" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (999, "999"), (1234, "1.23 k"), (5_600_000, "5.6 M")],
)
def test_numbers(value: float, text: str) -> None:
    """Three digits are enough."""
    assert text == say(value)


def test_chart() -> None:
    """The largest value is at the top, nought on the axis, the newest at the right."""
    svg = draw("Some & more", "a second", {"one": [0, 5, 10], "<two>": [0, 0, 0]})
    assert 'points="0.0,84.0 150.0,45.0 300.0,6.0"' in svg
    assert 'points="0.0,84.0 150.0,84.0 300.0,84.0"' in svg
    assert "&lt;two&gt; <b>0</b>" in svg
    assert "Some &amp; more: at most 10 a second" in svg
    assert 'points=""' in draw("Nothing", "yet", {"one": []})


def test_history() -> None:
    """Rates are between samples; counters that start over are no negative ones."""
    history, mirror = History(), make_mirror()
    history.note(mirror, 10.0)
    queries = [("udp", "MX", "NXDOMAIN", 20), ("tls", "A", "REFUSED", 5)]
    buckets = [0] * (len(MICROSECONDS) + 1)
    latency = {"udp": ([8, 0, 2, *buckets[3:]], 0)}
    mail = [("example.com.", "mx", "answer", 20), ("example.com.", "dkim", "answer", 5)]
    mirror.update({"statistics": {"queries": queries, "mail": mail, "latency": latency}})
    history.note(mirror, 15.0)
    mirror.counters = {}
    history.note(mirror, 20.0)
    assert [4, 0] == history.rates(lambda each: each.udp)
    assert [1, 0] == history.rates(lambda each: each.streams)
    assert [4, 0] == history.rates(lambda each: each.unknown)
    assert [1, 0] == history.rates(lambda each: each.errors)
    assert [4, 0] == history.rates(lambda each: each.mx)
    assert [1, 0] == history.rates(lambda each: each.policies)
    assert [0, 0] == history.rates(lambda each: each.drops)
    assert [6.25, 0] == history.latencies(0.5)
    assert [10, 0] == history.latencies(0.8)
    assert [37.5, 0] == history.latencies(0.9)


def test_files_need_nobody_else() -> None:
    """No address of another host stands in what is served."""
    folder = Path(module.__file__).parent
    for name in ("status.css", "status.js"):
        assert "//" not in re.sub(r"(?m)^// .*", "", (folder / name).read_text("utf-8"))
