"""Zones fetched from primaries that do as they should, and from those that do not."""

import asyncio
import resource
import socket
import ssl
import time
from dataclasses import replace
from pathlib import Path

import dns.zone
import dns.zonetypes
import pytest

from tests.certificates import make_pair
from tests.figures import Figures
from tests.unit.service.transferring.primary import Asked, Script, answering, following
from tests.unit.transfer.answers import A1, A2, A3, NS, ORIGIN, answer, soa
from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records.rdata import SOA
from zoneserver.service.transferring.copies import Copies
from zoneserver.service.transferring.fetching import Fetched, Fetcher
from zoneserver.transfer.settings import Peer, PeerTls, TransferSettings
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.framing import frame

SETTINGS = TransferSettings(seconds=5, stall=1, most_octets=1 << 16)
WHOLE = [answer(soa(7), NS, A1), answer(A2, soa(7))]
NEWER = [answer(soa(8), NS, A1, A3, soa(8))]
DIFFERENCE = [answer(soa(8), soa(7), A2, soa(8), A3, soa(8), qtype="IXFR")]


class Case:
    """The copies of one state directory, filled from one primary after the other."""

    def __init__(self, folder: Path) -> None:
        self.copies = Copies(folder)
        self._path = folder / "copies/example.org.zone"
        self._folder = folder / "copies"
        self.asked: list[str] = []

    @property
    def ours(self) -> SOA | None:
        """The SOA that we have."""
        return self.copies.read_soa(ORIGIN)

    def fetch(
        self,
        script: Script,
        settings: TransferSettings = SETTINGS,
        peer: Peer | None = None,
        key: Name | None = None,
    ) -> Fetched:
        """Fetch the zone once, from somebody else than who follows the script if need be."""

        async def fetch() -> Fetched:
            async with answering(script) as primary:
                try:
                    fetcher = Fetcher(settings, self.copies)
                    whom = peer or replace(primary.peer, key=key)
                    return await fetcher.fetch(ORIGIN, whom, self.ours)
                finally:
                    self.asked = primary.asked

        return asyncio.run(fetch())

    def lines(self) -> list[str]:
        """The copy, without its head."""
        return [line.replace("\t", " ") for line in self._path.read_text().splitlines()[2:]]

    def files(self) -> list[str]:
        """What is in the folder."""
        return sorted(path.name for path in self._folder.iterdir())


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """One that has no copy yet."""
    return Case(tmp_path)


@pytest.fixture
def filled(case: Case) -> Case:
    """One that has serial 7."""
    case.fetch(following(7, AXFR=WHOLE))
    return case


def test_first_time(case: Case) -> None:
    """The whole zone at once: there is nothing to compare with."""
    fetched = case.fetch(following(7, AXFR=WHOLE))

    assert (7, "AXFR", 5) == (fetched.soa.serial, fetched.style, fetched.records)
    assert sum(map(len, WHOLE)) == fetched.octets
    assert ["AXFR"] == case.asked
    assert [soa(7), NS, A1, A2] == case.lines()


def test_nothing_new(filled: Case) -> None:
    """Only the SOA is asked for."""
    fetched = filled.fetch(following(7))

    assert (7, "") == (fetched.soa.serial, fetched.style)
    assert ["SOA"] == filled.asked


def test_difference(filled: Case) -> None:
    """Over the connection on which the SOA was asked for."""
    fetched = filled.fetch(following(8, IXFR=DIFFERENCE))

    assert (8, "IXFR", 6) == (fetched.soa.serial, fetched.style, fetched.records)
    assert ["SOA", "IXFR"] == filled.asked
    assert [soa(8), NS, A1, A3] == filled.lines()


def test_difference_that_is_the_whole_zone(filled: Case) -> None:
    """RFC 1995 4."""
    messages = [answer(soa(8), NS, A1, A3, soa(8), qtype="IXFR")]
    fetched = filled.fetch(following(8, IXFR=messages))

    assert (8, "AXFR") == (fetched.soa.serial, fetched.style)
    assert [soa(8), NS, A1, A3] == filled.lines()


def test_newer_by_one_question_only(filled: Case) -> None:
    """Another version came and went between the two questions."""
    fetched = filled.fetch(following(8, IXFR=[answer(soa(7), qtype="IXFR")]))

    assert (7, "") == (fetched.soa.serial, fetched.style)
    assert [soa(7), NS, A1, A2] == filled.lines()


@pytest.mark.parametrize(
    "messages",
    [
        [answer(qtype="IXFR", rcode=4)],
        [answer(qtype="IXFR", rcode=1)],
        [answer(soa(8), soa(6), A2, soa(8), A3, soa(8), qtype="IXFR")],
        [answer(soa(8), soa(7), A3, soa(8), soa(8), qtype="IXFR")],  # deletes what is not there
        # Adds what is there with another TTL.
        [answer(soa(8), soa(7), soa(8), A1.replace("300", "60"), soa(8), qtype="IXFR")],
        [answer(soa(8), soa(7), soa(8), "x.example. 1 IN A 192.0.2.1", qtype="IXFR")],
        [b"\0\0"],
    ],
)
def test_difference_that_does_not_fit(filled: Case, messages: list[bytes]) -> None:
    """Acceptance 85: then the whole zone is asked for."""
    fetched = filled.fetch(following(8, IXFR=messages, AXFR=NEWER))

    assert (8, "AXFR") == (fetched.soa.serial, fetched.style)
    assert ["SOA", "IXFR", "AXFR"] == filled.asked
    assert [soa(8), NS, A1, A3] == filled.lines()


BEGINNING, MANY, NONE = answer(soa(8), NS), answer(*[A1] * 500), answer()


async def _endless(asked: Asked) -> None:
    await asked.send(BEGINNING)
    while True:
        await asked.send(MANY)


async def _empty_for_ever(asked: Asked) -> None:
    await asked.send(BEGINNING)
    while True:
        await asked.send(NONE)


async def _dribbling(asked: Asked) -> None:
    for octet in frame(asked.octets[:2] + WHOLE[0][2:]):
        await asked.send_raw(bytes((octet,)))
        await asyncio.sleep(0.1)


async def _slow(asked: Asked) -> None:
    await asked.send(answer(soa(8), NS))
    while True:
        await asyncio.sleep(0.1)
        await asked.send(answer(A1))


async def _silent(asked: Asked) -> None:
    await asked.writer.drain()


async def _cut(asked: Asked) -> None:
    await asked.send(answer(soa(8), NS))
    await asked.send_raw(frame(NEWER[0])[:20])
    asked.writer.close()


async def _reset(asked: Asked) -> None:
    await asked.send(answer(soa(8), NS))
    asked.writer.transport.abort()


async def _other_id(asked: Asked) -> None:
    await asked.send_raw(frame(bytes((asked.octets[0] ^ 1,)) + NEWER[0][1:]))


def _sending(*messages: bytes) -> Script:
    async def send(asked: Asked) -> None:
        await asked.send(*messages)

    return send


HOSTILE: dict[str, tuple[Script, str]] = {
    "infinite": (_endless, "larger than"),
    "infinite and empty": (_empty_for_ever, "more than 65536 octets"),
    "1 octet at a time": (_dribbling, "no whole message"),
    "1 record at a time": (_slow, "took more than"),
    "silent": (_silent, "no whole message"),
    "cut": (_cut, "too early"),
    "reset": (_reset, "Connection|too early"),
    "other id": (_other_id, "no response"),
    "other qname": (_sending(answer(soa(8), qname="example.net.")), "another question"),
    "other SOA at its end": (_sending(answer(soa(8), NS, A1, soa(9))), "not the one"),
    "out of zone": (_sending(answer(soa(8), NS, "x. 1 IN A 192.0.2.1")), "not in the zone"),
    "older": (_sending(answer(soa(6), NS, A1, soa(6))), "not above"),
    "refused": (_sending(answer(rcode=5)), "REFUSED"),
    "garbage": (_sending(b"\xff" * 500), "response|question"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(filled: Case, name: str, figures: Figures) -> None:
    """Acceptance 85: a hostile primary gets nowhere, and gets there soon; the copy stays."""
    script, reason = HOSTILE[name]

    async def follow(asked: Asked) -> None:
        if asked.qtype == "SOA":
            await asked.send(answer(soa(8), qtype="SOA"))
        elif asked.qtype == "IXFR":
            await asked.send(answer(qtype="IXFR", rcode=4))
        else:
            await script(asked)

    begun = time.monotonic()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    settings = replace(SETTINGS, seconds=2 if script is _slow else 30)
    with pytest.raises(TransferError, match=reason):
        filled.fetch(follow, settings)
    took = time.monotonic() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    figures.add(f"85 {name}", f"given up after {took:.2f} s, {grown} KB more memory")

    assert took < settings.seconds + 2
    assert grown < 20_000
    assert [soa(7), NS, A1, A2] == filled.lines()
    assert ["example.org.zone"] == filled.files()


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([answer(rcode=5, qtype="SOA")], "REFUSED"),
        ([answer(qtype="SOA")], "no such zone"),
        ([answer(soa(8), qtype="SOA", flags=0x8000)], "no such zone"),
        ([answer(soa(8), qtype="NS")], "something else"),
        ([answer(soa(6), qtype="SOA")], "serial 6 is not above 7"),
        ([answer(soa((7 + (1 << 31)) % (1 << 32)), qtype="SOA")], "not above 7"),
        ([b""], "shorter"),
    ],
)
def test_question_for_the_soa_fails(filled: Case, messages: list[bytes], reason: str) -> None:
    """Then nothing is taken from this primary."""
    with pytest.raises(TransferError, match=reason):
        filled.fetch(following(8, SOA=messages))
    assert ["SOA"] == filled.asked


def test_nobody_there(case: Case) -> None:
    """It is said which part of it does not work."""
    with pytest.raises(TransferError, match="Connection refused"):
        case.fetch(following(7), peer=Peer(Endpoint("127.0.0.1", 1)))


def test_large_zone(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """More messages than are read ahead, more names than are remembered."""
    monkeypatch.setattr("zoneserver.service.transferring.session.MOST_AHEAD", 20_000)
    count, each = 12_000, 500
    head = answer(soa(7))[:12] + answer(soa(7))[12:].split(b"\xc0")[0]
    messages = [answer(soa(7), NS)]
    for start in range(0, count, each):
        records = b"".join(
            b"\x06%06d\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1" % number
            for number in range(start, start + each)
        )
        messages.append(head[:6] + each.to_bytes(2, "big") + head[8:] + records)
    script = following(7, AXFR=[*messages, answer(soa(7))])
    fetched = case.fetch(script, replace(SETTINGS, seconds=60, most_octets=1 << 22))

    assert fetched.records == count + 3
    lines = case.lines()
    assert (count + 2, "011999.example.org. 300 IN A 192.0.2.1") == (len(lines), lines[-1])


def test_primary_that_does_not_answer_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To wait for it takes a turn: for some seconds one zone has waited for all."""
    monkeypatch.setattr("zoneserver.service.transferring.session.CONNECT_SECONDS", 0.2)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        endpoint = Endpoint(*deaf.getsockname())

        async def fetch() -> list[str]:
            reasons = []
            full = [await asyncio.open_connection(*endpoint)]  # the one that it has room for
            fetcher = Fetcher(SETTINGS, Copies(tmp_path))
            for _ in range(2):
                with pytest.raises(TransferError) as caught:
                    await fetcher.fetch(ORIGIN, Peer(endpoint), None)
                reasons.append(str(caught.value))
            full[0][1].close()
            return reasons

        expected = ["no connection within 0 s", "it has just not answered for another zone"]
        assert expected == asyncio.run(fetch())


def test_disk_cannot_be_written(filled: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Acceptance 93: it is said that it is ours, and the copy stays whole."""

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zoneserver.service.transferring.copies.os.fsync", fail)
    with pytest.raises(TransferError, match="cannot be written: No space left"):
        filled.fetch(following(8, IXFR=DIFFERENCE, AXFR=NEWER))

    assert [soa(7), NS, A1, A2] == filled.lines()
    assert ["example.org.zone"] == filled.files()


class Encrypted:
    """A primary with a certificate, and what we have to know it by."""

    def __init__(self, folder: Path) -> None:
        pair = make_pair()
        self.certificate, key = pair.write(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.context.set_alpn_protocols(["dot"])
        self.protocols: list[tuple[str | None, str | None]] = []

    def fetch(self, case: Case, tls: PeerTls) -> Fetched:
        """Fetch the zone over TLS."""

        async def script(asked: Asked) -> None:
            tls = asked.writer.get_extra_info("ssl_object")
            self.protocols.append((tls.version(), tls.selected_alpn_protocol()))
            await following(7, AXFR=WHOLE)(asked)

        async def fetch() -> Fetched:
            async with answering(script, self.context) as primary:
                peer = replace(primary.peer, tls=tls)
                return await Fetcher(SETTINGS, case.copies).fetch(ORIGIN, peer, case.ours)

        return asyncio.run(fetch())


def test_over_tls(case: Case, tmp_path: Path) -> None:
    """RFC 9103 7.1: TLS 1.3, and the protocol is named."""
    primary = Encrypted(tmp_path)
    fetched = primary.fetch(case, PeerTls("ns1.example.com", primary.certificate))

    assert (7, "AXFR") == (fetched.soa.serial, fetched.style)
    assert [("TLSv1.3", "dot")] == primary.protocols


def test_over_tls_from_somebody_else(case: Case, tmp_path: Path) -> None:
    """RFC 9103 9.3: another name, or a certificate that nobody vouches for: no zone."""
    primary = Encrypted(tmp_path)
    with pytest.raises(TransferError, match=r"certificate: .*ns2\.example\.com"):
        primary.fetch(case, PeerTls("ns2.example.com", primary.certificate))
    with pytest.raises(TransferError, match=r"certificate: self.signed"):
        primary.fetch(case, PeerTls("ns1.example.com"))
    with pytest.raises(TransferError, match="No such file"):
        primary.fetch(case, PeerTls("ns1.example.com", tmp_path / "none.pem"))
    assert [] == primary.protocols


def test_client_certificate(case: Case, tmp_path: Path) -> None:
    """We show one where the primary wants that (RFC 9103 9.3.2)."""
    primary = Encrypted(tmp_path)
    (tmp_path / "ours").mkdir()
    ours = make_pair(name="ns2.example.com").write(tmp_path / "ours")
    primary.context.load_verify_locations(ours[0])
    primary.context.verify_mode = ssl.CERT_REQUIRED

    with pytest.raises(TransferError):
        primary.fetch(case, PeerTls("ns1.example.com", primary.certificate))
    fetched = primary.fetch(case, PeerTls("ns1.example.com", primary.certificate, *ours))
    assert "AXFR" == fetched.style


def zonemd(serial: int, *records: str) -> str:
    """The digest of a version, made by dnspython."""
    text = "\n".join((soa(serial), NS, *records))
    zone = dns.zone.from_text(text, str(ORIGIN), relativize=False)
    digest = zone.compute_digest(dns.zonetypes.DigestHashAlgorithm.SHA384)
    return f"{ORIGIN} 3600 IN ZONEMD {digest.to_text()}"


def test_zone_with_its_digest(case: Case) -> None:
    """RFC 8976 4: whole, and by differences."""
    seven, eight = zonemd(7, A1, A2), zonemd(8, A1, A3)
    case.fetch(following(7, AXFR=[answer(soa(7), NS, seven, A1), answer(A2, soa(7))]))
    difference = [soa(8), soa(7), seven, A2, soa(8), eight, A3, soa(8)]
    fetched = case.fetch(following(8, IXFR=[answer(*difference, qtype="IXFR")]))

    assert (8, "IXFR") == (fetched.soa.serial, fetched.style)
    assert sorted([soa(8), NS, eight, A1, A3]) == sorted(case.lines())


@pytest.mark.parametrize(
    ("digest", "says"),
    [
        (zonemd(8, A1, A2), "do not have the digest"),
        (zonemd(7, A1, A3), "its ZONEMD is of serial 7, and the SOA has 8"),
    ],
)
def test_zone_with_another_digest(filled: Case, digest: str, says: str) -> None:
    """Is not what its owner made, however it comes: what we have stays."""
    by_differences = [answer(soa(8), soa(7), A2, soa(8), digest, A3, soa(8), qtype="IXFR")]
    whole = [answer(soa(8), NS, digest, A1, A3, soa(8))]
    with pytest.raises(TransferError, match=f"not the zone that its owner made: .*{says}"):
        filled.fetch(following(8, IXFR=by_differences, AXFR=whole))

    assert ["SOA", "IXFR", "AXFR"] == filled.asked
    assert [soa(7), NS, A1, A2] == filled.lines()
    assert ["example.org.zone"] == filled.files()


def test_digest_that_did_not_follow_is_fetched_whole(filled: Case) -> None:
    """Differences of another version than ours make a zone that its owner never had."""
    by_differences = [
        answer(soa(8), soa(7), A2, soa(8), zonemd(8, A3), A3, soa(8), qtype="IXFR")
    ]
    whole = [answer(soa(8), NS, zonemd(8, A3), A3, soa(8))]
    fetched = filled.fetch(following(8, IXFR=by_differences, AXFR=whole))

    assert (8, "AXFR") == (fetched.soa.serial, fetched.style)


def test_digest_of_a_kind_to_come(case: Case) -> None:
    """Is nothing that we could hold against the zone."""
    unknown = f"{ORIGIN} 3600 IN ZONEMD 7 1 240 {'ab' * 48}"
    case.fetch(following(7, AXFR=[answer(soa(7), NS, unknown, soa(7))]))

    assert [soa(7), NS, unknown] == case.lines()
