"""What resolvers say of the DS records of a zone, and what is made of it."""

import asyncio
import json
import socket
from pathlib import Path

import dns.rcode
import dns.resolver
import pytest

from tests.unit.service.parents.resolver import DIGEST, SOA, resolving
from zoneserver.dnssec.parent import ParentDs
from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records.rdata import DS
from zoneserver.service.parents import asking
from zoneserver.service.parents.asking import ask_all, ask_for_ds, find_system_resolvers
from zoneserver.transports.endpoint import Endpoint

COM = Name.parse("example.com.")
FIRST = f"example.com. 60 IN DS 1 13 2 {DIGEST}"
OTHER = f"example.com. 60 IN DS 2 8 4 {'cd' * 48}"
SIGNATURE = "example.com. 60 IN RRSIG DS 13 2 86400 20300101000000 20200101000000 9 com. AAAA"
ANSWERS: dict[str, tuple[list[str], set[DS], int]] = {
    "one": ([FIRST], {DS(1, 13, 2, b"\xab" * 32)}, 60),
    "more": ([FIRST, OTHER], {DS(1, 13, 2, b"\xab" * 32), DS(2, 8, 4, b"\xcd" * 48)}, 60),
    # The resolver has had it for a while, others may just have got it.
    "signed": ([FIRST, SIGNATURE], {DS(1, 13, 2, b"\xab" * 32)}, 86_400),
    "no more than a week": (
        [FIRST, SIGNATURE.replace("86400", "9999999")],
        {DS(1, 13, 2, b"\xab" * 32)},
        604_800,
    ),
    "none": ([SOA], set(), 300),
    "none, for less than the SOA says": ([SOA.replace("900", "20")], set(), 20),
    "another zone's": ([FIRST.replace("example.com.", "other.com."), SOA], set(), 300),
}
SILENCE: dict[str, tuple[list[str] | dns.rcode.Rcode, str]] = {
    "SERVFAIL": (dns.rcode.SERVFAIL, "SERVFAIL"),
    "NXDOMAIN": (dns.rcode.NXDOMAIN, "NXDOMAIN"),
    "REFUSED": (dns.rcode.REFUSED, "REFUSED"),
    "a referral": (["example.com. 60 IN NS ns.example.com."], "neither"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_answers(what: str) -> None:
    """All the records, and for how long others may have them."""
    lines, records, ttl = ANSWERS[what]

    async def scenario() -> ParentDs:
        async with resolving(example_com=lines) as resolver:
            return await ask_for_ds(COM, [resolver.endpoint])

    found = asyncio.run(scenario())
    assert (frozenset(records), ttl) == (found.records, found.ttl)
    assert found == ParentDs.read(json.loads(json.dumps(found.document())))


@pytest.mark.parametrize("what", SILENCE)
def test_an_answer_that_says_nothing(what: str) -> None:
    """Is none: keys are not dropped for that."""
    says, reason = SILENCE[what]

    async def scenario() -> None:
        async with resolving(example_com=says) as resolver:
            await ask_for_ds(COM, [resolver.endpoint])

    with pytest.raises(TransferError, match=reason):
        asyncio.run(scenario())


def test_the_next_resolver_is_asked() -> None:
    """Where the first has no answer, or is not there."""

    async def scenario() -> ParentDs:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # and does not listen
            silent = Endpoint("127.0.0.1", nobody.getsockname()[1])
            async with resolving() as closing, resolving(example_com=[FIRST]) as good:
                return await ask_for_ds(COM, [silent, closing.endpoint, good.endpoint])

    assert asyncio.run(scenario()).ttl == 60


def test_a_resolver_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is not waited for longer than it may take."""
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.05)

    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            await ask_for_ds(COM, [Endpoint("127.0.0.1", silent.getsockname()[1])])

    with pytest.raises(TransferError, match="no answer over TCP in time"):
        asyncio.run(scenario())


def test_octets_that_are_no_answer() -> None:
    """Are none, whatever they are."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\0\3abc")
        writer.close()

    async def scenario() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await ask_for_ds(COM, [Endpoint("127.0.0.1", port)])

    with pytest.raises(TransferError, match="cannot be read"):
        asyncio.run(scenario())


def test_without_a_resolver() -> None:
    """It says so."""
    with pytest.raises(TransferError, match="no resolver"):
        asyncio.run(ask_for_ds(COM, []))


def test_resolvers_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of resolv.conf, or none."""
    file = tmp_path / "resolv.conf"
    resolver = dns.resolver.Resolver
    monkeypatch.setattr(dns.resolver, "Resolver", lambda: resolver(str(file)))
    assert find_system_resolvers() == ()
    file.write_text("nameserver 192.0.2.1\nnameserver 2001:db8::1\n")

    expected = (Endpoint("192.0.2.1", 53), Endpoint("2001:db8::1", 53))
    assert expected == find_system_resolvers()


def test_an_asker_tells_of_every_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without resolvers of its own it has those of the host."""
    monkeypatch.setattr(asking, "let_others_go_first", lambda: None)
    monkeypatch.setattr(asking, "find_system_resolvers", lambda: ())
    assert ask_all([COM], []) == {"example.com.": "there is no resolver to ask"}
