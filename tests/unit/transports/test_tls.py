"""DNS over TLS: what it offers, what it refuses, and that every limit of TCP holds."""

import asyncio
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from random import Random

import pytest

from tests.certificates import NAME, Pair, make_pair
from tests.unit.transports.streams import (
    QUICK,
    Client,
    connected,
    framed,
    in_loop,
    query,
    serving,
)
from tests.unit.transports.test_proxy import CLIENT, LOOPBACK, addresses, header
from zoneserver.errors import CertificateError
from zoneserver.transports.envelope import Envelope
from zoneserver.transports.tls import Tls, make_context

OLD, NEW = make_pair(), make_pair()
PATIENT = replace(QUICK, first_octet=30.0, message=30.0, idle=30.0)


def tls_of(pair: Pair = OLD) -> Tls:
    """What a listener has when this certificate is in use."""
    tls = Tls()
    tls.use(*pair)
    return tls


def trusting(pair: Pair = OLD) -> ssl.SSLContext:
    """A client that takes this certificate and no other."""
    return ssl.create_default_context(cadata=pair.certificate.decode())


@asynccontextmanager
async def encrypted(
    port: int, context: ssl.SSLContext, stream: socket.socket | None = None
) -> AsyncIterator[Client]:
    """A client over TLS."""
    where = {"sock": stream} if stream else {"host": "127.0.0.1", "port": port}
    async with asyncio.timeout(5):
        ends = await asyncio.open_connection(
            ssl=context,
            server_hostname=NAME,
            limit=2048,
            **where,
        )
    client = Client(*ends)
    try:
        yield client
    finally:
        with suppress(ssl.SSLError):  # what it has not read is no reason to stay
            await client.close()


def told(client: Client) -> ssl.SSLObject:
    """What was agreed on."""
    found: ssl.SSLObject = client.writer.get_extra_info("ssl_object")
    return found


@in_loop
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_queries_over_tls(version: ssl.TLSVersion) -> None:
    """Pipelined and large ones, as over TCP; ALPN says `dot` to those who ask."""
    context = trusting()
    context.set_alpn_protocols(["dot"])
    context.maximum_version = version
    messages = [query(number, 20 + 700 * number) for number in range(60)]
    async with serving(tls=tls_of()) as server, encrypted(server.port, context) as client:
        client.send(framed(*messages))
        assert [await client.receive() for _ in messages] == messages
        assert await client.ask(query(1, 65_535)) == query(1, 65_535)
        assert "dot" == told(client).selected_alpn_protocol()
        assert version.name.removeprefix("TLSv").replace("_", ".") in str(
            told(client).version()
        )


@in_loop
async def test_client_without_alpn() -> None:
    """RFC 7858 does not ask for it."""
    async with serving(tls=tls_of()) as server, encrypted(server.port, trusting()) as client:
        assert await client.ask(query()) == query()
        assert told(client).selected_alpn_protocol() is None


@in_loop
async def test_versions_before_1_2_are_refused() -> None:
    """RFC 9325 3.1.1."""
    context = trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is the point
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(tls=tls_of()) as server:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with encrypted(server.port, context):
                pass

        assert 1 == server.counters.refused


@in_loop
@pytest.mark.parametrize(
    "octets",
    [
        framed(query()),
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(600),
        b"\x16\x03\x01\x00\x05" + bytes(5),
    ],
    ids=["DNS", "HTTP", "zeroes", "an empty handshake"],
)
async def test_what_is_no_tls_is_closed_at_once(octets: bytes) -> None:
    """Without an answer, and counted; others live on."""
    async with (
        serving(PATIENT, tls=tls_of()) as server,
        encrypted(server.port, trusting()) as other,
        connected(server.port) as client,
    ):
        client.send(octets)
        alert = await client.rest()
        assert await other.ask(query()) == query()
        assert 1 == server.counters.refused

    assert alert[:1] in {b"", b"\x15"}  # nothing, or an alert


@in_loop
async def test_half_a_handshake_has_the_time_of_a_first_octet() -> None:
    """And so has a client that says nothing after its handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    half = trusting().wrap_bio(incoming, outgoing, server_hostname=NAME)
    with pytest.raises(ssl.SSLWantReadError):
        half.do_handshake()
    loop = asyncio.get_running_loop()
    async with serving(tls=tls_of()) as server, connected(server.port) as client:
        begin = loop.time()
        client.send(outgoing.read())
        await client.rest()
        assert 0.9 * QUICK.first_octet <= loop.time() - begin <= 1.2 * QUICK.first_octet + 0.1
        async with encrypted(server.port, trusting()) as silent:
            begin = loop.time()
            await silent.rest()
        assert 0.9 * QUICK.first_octet <= loop.time() - begin <= 1.2 * QUICK.first_octet + 0.1

        assert 2 == server.counters.expired


@in_loop
async def test_idle_limit_holds() -> None:
    """Handshake, answer, silence: closed in order, so that the client can tell."""
    async with serving(tls=tls_of()) as server, encrypted(server.port, trusting()) as client:
        assert await client.ask(query()) == query()
        assert await client.rest() == b""

        assert 1 == server.counters.expired


@in_loop
async def test_connections_in_a_handshake_count() -> None:
    """A source at its quota loses its oldest connection, though that has said nothing yet."""
    limits = replace(PATIENT, per_source=1)
    async with (
        serving(limits, tls=tls_of()) as server,
        connected(server.port) as silent,
    ):
        await asyncio.sleep(0)
        async with encrypted(server.port, trusting()) as client:
            assert await silent.rest() == b""
            assert await client.ask(query()) == query()

        assert 1 == server.counters.evicted_by_source


@in_loop
async def test_reader_that_never_reads_is_closed() -> None:
    """Answers pile up to the limit, then the stall ends the connection."""
    stream = socket.socket()
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    limits = replace(PATIENT, unsent=200_000)
    async with serving(limits, lambda *_: bytes(60_000), tls=tls_of()) as server:
        stream.connect(("127.0.0.1", server.port))
        async with encrypted(server.port, trusting(), stream) as client:
            client.send(framed(*[query()] * 2000))
            async with asyncio.timeout(5):
                while not server.counters.expired:
                    await asyncio.sleep(0.02)


@in_loop
async def test_end_of_tls_is_answered() -> None:
    """Who says goodbye within TLS still gets what it asked for (RFC 7766 6.2.4)."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    end = trusting().wrap_bio(incoming, outgoing, server_hostname=NAME)
    async with serving(PATIENT, tls=tls_of()) as server, connected(server.port) as client:
        while True:
            try:
                end.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.send(outgoing.read())
                incoming.write(await client.reader.read(4096))
        end.write(framed(query(7)))
        with pytest.raises(ssl.SSLWantReadError):
            end.unwrap()
        client.send(outgoing.read())
        incoming.write(await client.rest())

        assert end.read(100) == framed(query(7))


@in_loop
async def test_new_certificate_leaves_connections_alone() -> None:
    """The old one goes on for who has begun with it; who comes now sees the new one."""
    tls = tls_of()
    async with serving(tls=tls) as server, encrypted(server.port, trusting()) as old:
        assert await old.ask(query(1)) == query(1)
        tls.use(*NEW)
        async with encrypted(server.port, trusting(NEW)) as new:
            assert await new.ask(query(2)) == query(2)
        assert await old.ask(query(3)) == query(3)
        with pytest.raises(ssl.SSLCertVerificationError):
            async with encrypted(server.port, trusting()):
                pass


@in_loop
async def test_without_a_certificate_nobody_is_kept() -> None:
    """The port is there; it is of use once there is a certificate."""
    tls = Tls()
    async with serving(tls=tls) as server:
        async with connected(server.port) as client:
            assert await client.rest() == b""
        tls.use(*OLD)
        async with encrypted(server.port, trusting()) as client:
            assert await client.ask(query()) == query()


@in_loop
async def test_proxy_header_comes_before_tls() -> None:
    """As HAProxy's `send-proxy-v2` and nginx have it."""
    seen = []

    def answer(message: bytes, address: bytes) -> bytes:
        seen.append(address)
        return message

    stream = socket.socket()
    async with serving(answer=answer, tls=tls_of(), proxies={LOOPBACK}) as server:
        stream.connect(("127.0.0.1", server.port))
        stream.sendall(header(addresses()))
        async with encrypted(server.port, trusting(), stream) as client:
            assert await client.ask(query()) == query()

    assert [CLIENT] == seen


@in_loop
async def test_stop_answers_what_has_come() -> None:
    """Queries that are in the house when the stop comes are answered, then TLS ends."""
    messages = [query(number) for number in range(200)]
    async with serving(tls=tls_of()) as server, encrypted(server.port, trusting()) as client:
        assert await client.ask(query()) == query()
        client.send(framed(*messages))
        await server.server.stop(1.0)

        assert await client.rest() == framed(*messages)


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (Pair(OLD.certificate, NEW.key), "the key is not that of the certificate"),
        (make_pair(password=b"secret"), "the key is encrypted"),
        (make_pair(rsa_bits=1024), "its key is too small"),
        (Pair(OLD.certificate, b"nothing"), "their PEM is damaged"),
        (Pair(b"nothing", OLD.key), "their PEM is damaged"),
        (Pair(OLD.certificate[:300], OLD.key), "their PEM is damaged"),
        (Pair(b"", b""), "their PEM is damaged"),
    ],
    ids=["two pairs", "encrypted", "1024 bits", "no key", "no certificate", "cut", "empty"],
)
def test_what_cannot_be_used(pair: Pair, reason: str) -> None:
    """It is said why, and the one in use stays."""
    tls = tls_of()
    before = tls.begin()
    with pytest.raises(CertificateError, match=reason):
        tls.use(*pair)
    assert before
    assert tls.begin()


def test_defaults() -> None:
    """TLS 1.2 and newer, forward secrecy, nothing weak, no renegotiation."""
    context = make_context(*OLD)
    assert ssl.TLSVersion.TLSv1_2 == context.minimum_version
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
    weak = ("RC4", "3DES", "NULL", "MD5", "EXPORT", "Kx=RSA ")
    assert [] == [
        each["description"]
        for each in context.get_ciphers()
        if any(word in str(each["description"]) for word in weak)
    ]


def test_mutants_of_handshakes() -> None:
    """What OpenSSL does not take is refused, and ends nothing but its connection."""
    rng, tls = Random(853), tls_of()
    outgoing = ssl.MemoryBIO()
    client = trusting().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=NAME)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    refused = 0
    for _ in range(500):
        octets = bytearray(hello)
        for _ in range(rng.randrange(1, 6)):
            octets[rng.randrange(len(octets))] = rng.randrange(256)
        del octets[rng.randrange(len(octets) * 2) :]
        envelope = Envelope(CLIENT, (), tls)
        assert b"" == envelope.open(memoryview(octets + rng.randbytes(rng.randrange(2) * 9)))
        refused += envelope.is_refused
        envelope.take()
        assert not envelope.is_established
    assert 100 < refused < 500
