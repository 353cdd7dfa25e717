"""What dnsperf is told, and what is read from what it prints."""

import sys
from pathlib import Path

import pytest

from benchmarks import dnsperf
from benchmarks.dnsperf import Load, Summary, UnexpectedOutputError

# As dnsperf 2.10.0 prints it with -v and a rate; the queries are shortened to a few.
PRINTED = """\
DNS Performance Testing Tool
Version 2.10.0

[Status] Command line: dnsperf -s 127.0.0.1 -p 36639 -d queries -e -l 1 -v -Q 30000
[Status] Sending queries (to 127.0.0.1:36639)
> NOERROR d0001262.bench.example.com. MX 0.000210
> NXDOMAIN x97831.bench.example.com. MX 0.000079
> T d0000296.bench.example.com. TXT
> NOERROR d0000297.bench.example.com. MX 1.000091
[Status] Testing complete (time limit)

Statistics:

  Queries sent:         4
  Queries completed:    3 (75.00%)
  Queries lost:         1 (25.00%)

  Response codes:       NOERROR 2 (66.67%), NXDOMAIN 1 (33.33%)
  Average packet size:  request 55, response 161
  Run time (s):         1.019816
  Queries per second:   50090.408466

  Average Latency (s):  0.001683 (min 0.000018, max 0.024055)
  Latency StdDev (s):   0.001496
"""


def test_summary() -> None:
    """The counts, the rate, and which codes came back."""
    expected = Summary(3, 1, 50090.408466, frozenset({"NOERROR", "NXDOMAIN"}))

    assert expected == dnsperf.parse_summary(PRINTED)


def test_no_summary() -> None:
    """What is missing is named, with what was printed instead."""
    with pytest.raises(UnexpectedOutputError, match="Queries completed"):
        dnsperf.parse_summary("unable to send")


def test_latencies() -> None:
    """One for each query; a lost one counts with all the time that it was waited for."""
    assert [0.00021, 0.000079, 1.000091, 2.0] == dnsperf.parse_latencies(PRINTED)


def test_command_at_full_speed() -> None:
    """EDNS always; no rate, and then nothing is timed."""
    expected = "dnsperf -e -s 127.0.0.1 -p 53 -d queries -m tcp -l 3 -q 100 -c 4 -T 1 -t 2"
    load = Load(Path("queries"), transport="tcp", clients=4)
    assert expected == " ".join(load.command(53, 3))


def test_command_at_a_rate() -> None:
    """Every query is timed."""
    assert ["-v", "-Q", "500"] == Load(Path("queries"), rate=500).command(53, 3)[-3:]


@pytest.mark.parametrize(
    "printed",
    [PRINTED.replace("NXDOMAIN 1", "SERVFAIL 1"), PRINTED.replace("NOERROR 2", "REFUSED 2")],
)
def test_server_without_the_zone(
    printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors are answered fast, so they must not pass for speed."""
    script = f"print({printed!r})"
    command = [sys.executable, "-c", script]
    monkeypatch.setattr(Load, "command", lambda *_: command)
    with pytest.raises(UnexpectedOutputError, match=r"SERVFAIL|REFUSED"):
        dnsperf.ask(Load(tmp_path / "queries"), 53, 1)


def test_output_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What dnsperf printed is returned, and its file is gone."""
    command = [sys.executable, "-c", f"print({PRINTED!r}, end='')"]
    monkeypatch.setattr(Load, "command", lambda *_: command)

    assert PRINTED == dnsperf.ask(Load(tmp_path / "queries"), 53, 1)
    assert [] == list(tmp_path.iterdir())
