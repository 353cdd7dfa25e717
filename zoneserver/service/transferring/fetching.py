"""One zone from one of its primaries: asked whether it is newer, taken, kept on disk."""

import asyncio
import errno
import os
import ssl
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records.rdata import SOA
from zoneserver.service.disk.files import reason
from zoneserver.service.logs import log
from zoneserver.service.transferring.copies import Copies, NewCopy
from zoneserver.service.transferring.session import Session, UnreachableError, connecting
from zoneserver.transfer.incoming import LEAST_DIFFERENCES, Incoming, Limits
from zoneserver.transfer.serial import is_newer
from zoneserver.transfer.settings import Peer, TransferSettings
from zoneserver.transports.endpoint import Endpoint

# Differences are kept in memory until they are applied, where they take 30 times their octets;
# zones are not. They may have this share of the octets of the copy.
SHARE_OF_DIFFERENCES = 16
# From a primary that does not answer at all, to the next try, of whichever zone: else those
# that wait for it would leave no turns to all others.
AVOID_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What has come of it: the SOA of the version that we have now, and how that came.

    `style` is AXFR, IXFR, or empty: there was no newer one.
    """

    soa: SOA
    style: str = ""
    records: int = 0
    octets: int = 0
    seconds: float = 0.0


class Fetcher:
    """Takes zones in, and writes their copies."""

    def __init__(self, settings: TransferSettings, copies: Copies) -> None:
        self._settings = settings
        self._copies = copies
        self._avoided: dict[Endpoint, float] = {}  # until then

    async def fetch(self, origin: Name, peer: Peer, ours: SOA | None) -> Fetched:
        """See to it that we have the version that a primary has. Raises TransferError.

        `ours` is the SOA of our copy, if there is one that may be served.
        """
        begun = time.monotonic()
        if self._avoided.get(peer.endpoint, 0) > begun:
            raise TransferError("it has just not answered for another zone")
        try:
            async with asyncio.timeout(self._settings.seconds):
                incoming = await self._fetch(origin, peer, ours)
        except UnreachableError:
            self._avoided[peer.endpoint] = time.monotonic() + AVOID_SECONDS
            raise
        except TimeoutError:
            raise TransferError(f"it took more than {self._settings.seconds} s") from None
        except ssl.SSLCertVerificationError as error:
            raise TransferError(f"its certificate: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise TransferError(f"TLS: {error.reason or error}") from error
        except OSError as error:  # asyncio has texts of its own, which say no more
            raise TransferError(os.strerror(error.errno or errno.EIO)) from error
        if incoming is None or incoming.is_current:
            assert ours is not None
            return Fetched(ours)
        style = "AXFR" if incoming.is_whole else "IXFR"
        took = time.monotonic() - begun
        return Fetched(incoming.version, style, incoming.records, incoming.octets, took)

    async def _fetch(self, origin: Name, peer: Peer, ours: SOA | None) -> Incoming | None:
        """The transfer that has brought a newer version; None where there is none."""
        if ours is not None:
            async with self._connect(peer) as session:
                serial = await session.ask_serial(origin)
                if serial == ours.serial:
                    return None
                if not is_newer(serial, ours.serial):
                    raise TransferError(f"its serial {serial} is not above {ours.serial}, ours")
                try:
                    return await self._take(session, origin, ours, incremental=True)
                except (TransferError, OSError) as error:
                    text = f"{origin}: no differences from {peer.endpoint}: {error}"
                    log.info("ixfr-failed", text, zone=str(origin), primary=str(peer.endpoint))
        # What is left on a connection where something went wrong, nobody knows.
        async with self._connect(peer) as session:
            return await self._take(session, origin, ours, incremental=False)

    def _connect(self, peer: Peer) -> AbstractAsyncContextManager[Session]:
        key = None if peer.key is None else self._settings.keyring.get(peer.key)
        return connecting(peer, key, self._settings.stall)

    async def _take(
        self, session: Session, origin: Name, ours: SOA | None, *, incremental: bool
    ) -> Incoming:
        most = self._settings.most_octets
        share = self._copies.count_octets(origin) // SHARE_OF_DIFFERENCES
        limits = Limits(most, max(LEAST_DIFFERENCES, share))
        serial = None if ours is None else ours.serial
        incoming = await session.begin(origin, serial, limits, incremental=incremental)
        with ExitStack() as stack:
            copy: NewCopy | None = None
            while not incoming.is_done:
                zone = incoming.receive(await session.receive(), int(time.time()))
                if zone:
                    with _writing():
                        copy = copy or stack.enter_context(self._copies.begin(origin, most))
                        copy.add(zone)
                await asyncio.sleep(0)  # there may be very much at once
            await asyncio.to_thread(self._keep, origin, incoming, copy)
        return incoming

    def _keep(self, origin: Name, incoming: Incoming, copy: NewCopy | None) -> None:
        """All of it has come, and was found right."""
        with _writing():
            if copy is not None:
                copy.keep()
            elif not incoming.is_current:
                assert incoming.soa is not None
                self._copies.change(
                    origin, incoming.differences, incoming.soa, self._settings.most_octets
                )


@contextmanager
def _writing() -> Iterator[None]:
    """Tell that it is our disk, and not the primary, that makes trouble."""
    try:
        yield
    except OSError as error:
        raise TransferError(f"its copy cannot be written: {reason(error)}") from error
