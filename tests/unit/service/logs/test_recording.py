"""The query log and dnstap: what is made of an observation, and where it goes."""

import asyncio
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.rcode
import pytest

from tests.logs import read_log
from zoneserver.names import Name
from zoneserver.service.logs import dnstap as tap_module
from zoneserver.service.logs.dnstap import CONTENT_TYPE, Tap, control_frame, encode_frames
from zoneserver.service.logs.log_format import Form
from zoneserver.service.logs.observations import Carrier, Observation, Party, Verdict, unpack
from zoneserver.service.logs.query_log import Output, QueryLog, QueryLogSettings, describe_query
from zoneserver.service.logs.recorder import DnstapSettings, RecorderSettings, Sample

CLIENT, SERVER = Party(bytes([192, 0, 2, 1]), 53210), Party(bytes([198, 51, 100, 1]), 53)
CLIENT6 = Party(bytes.fromhex("20010db8000000000000000000000001"), 53210)
RECEIVED = 1_795_700_000_123_456_789


def _seen(qname: str = "a\\010b.example.com.", **changes: Any) -> Observation:
    query = dns.message.make_query(qname, "MX", use_edns=0, want_dnssec=True)
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    seen = Observation(
        Carrier.UDP,
        Verdict.SENT,
        is_proven=False,
        received=RECEIVED,
        latency=41_900,
        client=CLIENT,
        server=SERVER,
        rcode=0,
        query=query.to_wire(),
        answer=answer.to_wire(),
    )
    return seen._replace(**changes)


def _with_cookie(octets: bytes) -> bytes:
    option = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, octets)
    return dns.message.make_query("example.com.", "MX", use_edns=0, options=[option]).to_wire()


def test_observations_pack() -> None:
    """One behind the other, as they were."""
    seen = [
        _seen(),
        _seen(client=CLIENT6, server=CLIENT6, carrier=Carrier.TLS, is_proven=True),
        _seen(answer=b"", verdict=Verdict.DROPPED, rcode=3),
    ]

    assert seen == list(unpack(b"".join(each.pack() for each in seen)))


def test_fields() -> None:
    """Everything that there is to know."""
    seen = _seen()
    assert describe_query(seen) == {
        "client": "192.0.2.1",
        "client_port": 53210,
        "server": "198.51.100.1",
        "server_port": 53,
        "transport": "udp",
        "qname": "a\\010b.example.com.",
        "qtype": "MX",
        "qclass": "IN",
        "rcode": "NOERROR",
        "size": len(seen.answer),
        "flags": "aa rd edns do",
        "cookie": "none",
        "verdict": "sent",
        "latency_us": 41,
    }


@pytest.mark.parametrize(
    ("changes", "key", "value"),
    [
        ({"query": _with_cookie(bytes(8))}, "cookie", "client"),
        ({"query": _with_cookie(bytes(24))}, "cookie", "invalid"),
        ({"query": _with_cookie(bytes(24)), "is_proven": True}, "cookie", "valid"),
        ({"query": _with_cookie(bytes(24)), "carrier": Carrier.TCP}, "cookie", "unchecked"),
        ({"query": b"\0" * 12, "rcode": 1}, "qname", None),
        ({"query": b"\0" * 12, "rcode": 1}, "qtype", None),
        ({"rcode": int(dns.rcode.BADVERS)}, "rcode", "BADVERS"),
        ({"answer": b"", "verdict": Verdict.CAPPED}, "size", 0),
        ({"answer": b"", "verdict": Verdict.CAPPED}, "flags", "rd edns do"),
        ({"verdict": Verdict.SLIPPED}, "verdict", "slipped"),
        ({"client": CLIENT6}, "client", "2001:db8::1"),
    ],
)
def test_field(changes: dict[str, Any], key: str, value: object) -> None:
    """What differs from query to query."""
    assert value == describe_query(_seen(**changes))[key]


def test_zones(tmp_path: Path) -> None:
    """Names at or below those that are listed, by whole labels, in any case."""
    settings = QueryLogSettings(1, (Name.parse("Example.com."),), tmp_path / "log")
    log = QueryLog(settings, Form.TEXT, Output(settings, -1))
    names = ["example.com.", "a.EXAMPLE.com.", "badexample.com.", "com.", "."]
    log.take([_seen(name) for name in names] + [_seen(query=b"\0" * 12)])

    lines = (tmp_path / "log").read_text().splitlines()
    assert ["example.com.", "a.EXAMPLE.com."] == [line.split()[2] for line in lines]
    assert lines[0].startswith("query: 192.0.2.1#53210 example.com. MX udp NOERROR ")


def test_file_is_set_aside(tmp_path: Path) -> None:
    """When it is full, in place of the last one; another's rename does no harm."""
    settings = QueryLogSettings(1, (), tmp_path / "log", megabytes=1)
    output = Output(settings, -1)
    line = b"x" * 1023 + b"\n"
    for _ in range(3):
        output.write([line] * 1024)
    (tmp_path / "log").write_bytes(b"")
    output.write([line])

    assert (tmp_path / "log.1").stat().st_size == 1 << 20
    assert (tmp_path / "log").read_bytes() == line
    assert output.lost == 0


def test_file_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and counted."""
    settings = QueryLogSettings(1, (), tmp_path)
    output = Output(settings, -1)
    for _ in range(3):
        output.write([b"a\n", b"b\n"])

    assert output.lost == 6
    assert read_log(caplog).count("lines of the query log are lost: Is a directory") == 1


@pytest.mark.parametrize(
    ("logged", "tapped", "every"), [(0, 0, 0), (10, 0, 10), (0, 4, 4), (10, 4, 2), (1, 5, 1)]
)
def test_samples(logged: int, tapped: int, every: int) -> None:
    """Workers show what both need; each takes its share of that."""
    tap = DnstapSettings(Path("tap"), tapped) if tapped else DnstapSettings()
    settings = RecorderSettings(QueryLogSettings(logged), tap)
    assert every == settings.every
    for wanted in filter(None, (logged, tapped)):
        sample, seen = Sample(wanted // every), _seen()
        taken = [len(sample.take([seen] * 3)) for _ in range(20)]
        assert sum(taken) == -(-60 // (wanted // every))
    assert Sample(0).take([_seen()]) == []


def _fields(octets: int | bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a Protocol Buffers message, as its specification has them."""
    assert isinstance(octets, bytes)
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            octet = octets[at]
            at += 1
            number |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                return number

    while at < len(octets):
        field, kind = divmod(varint(), 8)
        if kind == 0:
            yield field, varint()
        elif kind == 2:
            length = varint()
            yield field, octets[at : at + length]
            at += length
        else:
            assert kind == 5
            yield field, struct.unpack_from("<I", octets, at)[0]
            at += 4


@pytest.mark.parametrize("client", [CLIENT, CLIENT6])
def test_dnstap_messages(client: Party) -> None:
    """The fields of dnstap.proto, read by its numbers."""
    seen = _seen(client=client, carrier=Carrier.TLS)
    query, answer = (dict(_fields(frame)) for frame in encode_frames(seen, b"ns1"))
    assert (query[1], query[15]) == (b"ns1", 1)
    common = {
        2: 1 if client is CLIENT else 2,
        3: 3,
        4: client.address,
        5: SERVER.address,
        6: 53210,
        7: 53,
        8: 1_795_700_000,
        9: 123_456_789,
    }

    assert dict(_fields(query[14])) == {1: 1, **common, 10: seen.query}
    later = {12: 1_795_700_000, 13: 123_498_689, 14: seen.answer}
    assert dict(_fields(answer[14])) == {1: 2, **common, **later}
    assert len(list(encode_frames(_seen(answer=b""), b""))) == 1


async def _receive(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    if not length:
        (length,) = struct.unpack("!I", await reader.readexactly(4))
    return await reader.readexactly(length)


def test_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handshake, the frames, the end; a receiver that refuses is tried again."""
    monkeypatch.setattr(tap_module, "FIRST_PAUSE", 0.01)
    frames: list[bytes] = []
    ended = asyncio.Event()
    replies = [b"\0" * 12, control_frame(tap_module.READY), control_frame(tap_module.ACCEPT)]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert CONTENT_TYPE in await _receive(reader)
        writer.write(replies.pop(0))
        if replies:
            writer.close()
            return
        frames.extend([await _receive(reader) for _ in range(4)])
        ended.set()
        writer.close()

    async def scenario() -> Tap:
        server = await asyncio.start_unix_server(serve, tmp_path / "tap")
        tap = Tap(tmp_path / "tap", b"ns1")
        tap.take(_seen())  # nobody is there yet
        running = asyncio.create_task(tap.run())
        async with asyncio.timeout(10):
            while not tap.sent:
                await asyncio.sleep(0.01)
                tap.take(_seen())
            running.cancel()
            await tap.close()
            await ended.wait()
        server.close()
        return tap

    tap = asyncio.run(scenario())
    start, query, answer, stop = frames
    assert start == control_frame(tap_module.START)[8:]
    assert [1, 2] == [dict(_fields(dict(_fields(each))[14]))[1] for each in (query, answer)]
    assert stop == control_frame(tap_module.STOP)[8:]
    assert tap.sent == 1
    assert tap.lost >= 1
