"""Asking a server of ours whether it answers, as anybody could."""

import asyncio
import secrets
import socket
import struct
from contextlib import suppress

from zoneserver.transports.endpoint import Endpoint

_HEADER = struct.Struct("!HHHHHH")
# An OPT with a client cookie (RFC 6891 6.1.2, RFC 7873 4).
_OPT = struct.Struct("!BHHLHHH8s")
_RTYPE_OPT, _COOKIE, _COOKIE_OCTETS = 41, 10, 8
_QR = 0x80  # the first bit of the third octet
_LENGTH = struct.Struct("!H")


def make_question() -> bytes:
    """A query for a server cookie and nothing else (RFC 7873 5.4): no zone has to be there."""
    header = _HEADER.pack(secrets.randbits(16), 0, 0, 0, 0, 1)
    cookie = secrets.token_bytes(_COOKIE_OCTETS)
    length = 4 + _COOKIE_OCTETS
    return header + _OPT.pack(0, _RTYPE_OPT, 512, 0, length, _COOKIE, _COOKIE_OCTETS, cookie)


def is_reply(question: bytes, octets: bytes) -> bool:
    """Whether octets are a reply to it, whatever it says."""
    return len(octets) >= _HEADER.size and octets[:2] == question[:2] and octets[2] >= _QR


async def is_answering(endpoint: Endpoint, seconds: float) -> bool:
    """Whether it answers over UDP, or else over TCP, each within so many seconds."""
    if endpoint.is_wildcard:
        endpoint = Endpoint("::1" if endpoint.is_ipv6 else "127.0.0.1", endpoint.port)
    for ask in (_ask_udp, _ask_tcp):
        question = make_question()
        with suppress(OSError, EOFError, TimeoutError):
            if is_reply(question, await asyncio.wait_for(ask(endpoint, question), seconds)):
                return True
    return False


async def _ask_udp(endpoint: Endpoint, question: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if endpoint.is_ipv6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asker:
        asker.setblocking(False)
        await loop.sock_connect(asker, tuple(endpoint))
        await loop.sock_sendall(asker, question)
        return await loop.sock_recv(asker, 512)


async def _ask_tcp(endpoint: Endpoint, question: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(endpoint.address, endpoint.port)
    try:
        writer.write(_LENGTH.pack(len(question)) + question)
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return await reader.readexactly(length)
    finally:
        writer.close()
