"""The certificate for DNS over TLS: read, judged, and read again whenever its files change.

The main process does this, and hands what is good to the workers. What is not good changes
nothing: the one in use stays, and the log says why.
"""

import asyncio
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from zoneserver.errors import CertificateError
from zoneserver.service.checking.report import count
from zoneserver.service.disk.files import Signature, read_file, reason, sign
from zoneserver.service.logs import log
from zoneserver.service.running.validity import Validity, read_validity
from zoneserver.transports.tls import Tls, TlsSettings, make_context

POLL_SECONDS = 1.0  # a change that stands still for that long is a change
MOST_NOTICE = timedelta(days=14)  # from the first warning of an end to the end
NOTICE_SHARE = 5  # of a certificate's whole life that is the notice, if that is less
REMINDER = timedelta(days=1)
RETRY = timedelta(hours=1)  # of files that could not be used, though nothing about them changes
_HINT = (
    ": let a group of the user that the server runs as read it (chgrp, chmod 640), and enter"
    " the folders that it is in (chmod 750)"
)
_ENCODING = "latin-1"  # of what people write around PEM: whatever it is, it is kept


@dataclass(frozen=True, slots=True)
class Pair:
    """A chain of certificates and the key of the first, in PEM."""

    certificate: str
    key: str = field(repr=False)

    def document(self) -> dict[str, str]:
        """As it goes to a worker."""
        return {"certificate": self.certificate, "key": self.key}

    def show(self, tls: Tls) -> None:
        """Have connections that begin now see it. Raises CertificateError."""
        tls.use(self.certificate.encode(_ENCODING), self.key.encode(_ENCODING))


def read_pair(settings: TlsSettings) -> tuple[Pair, Validity]:
    """Read both files, and see whether they can be used. Raises CertificateError."""
    certificate = _read(settings.certificate, b"-----BEGIN CERTIFICATE-----")
    key = _read(settings.key, b"PRIVATE KEY-----")
    mode = settings.key.stat().st_mode
    if mode & stat.S_IWOTH:
        raise CertificateError(
            f"{settings.key}: every user of this host can write it, so it may be anybody's key:"
            f" make a new one, and let nobody else have it (chmod 600 {settings.key})"
        )
    try:
        make_context(certificate, key)
        validity = read_validity(certificate)
        pair = Pair(certificate.decode(_ENCODING), key.decode(_ENCODING))
    except CertificateError as error:
        raise CertificateError(
            f"{settings.certificate} with the key {settings.key}: {error}"
        ) from error
    if mode & stat.S_IROTH:
        path = settings.key
        text = f"{path}: every user of this host can read the key: chmod o= {path}"
        log.warning("key-exposed", text, file=str(path))
    return pair, validity


def _read(path: Path, due: bytes) -> bytes:
    """The octets of a file in PEM."""
    try:
        octets = read_file(path, Path("/"))
    except OSError as error:
        hint = _HINT if isinstance(error, PermissionError) else ""
        raise CertificateError(f"{path}: {reason(error)}{hint}") from error
    if due not in octets:
        raise CertificateError(
            f"{path}: there is no line `{due.decode()}` in it, as PEM has it"
        )
    return octets


class CertificateKeeper:
    """Keeps the best certificate that there has been so far."""

    def __init__(
        self,
        settings: TlsSettings,
        renewed: Callable[[Pair, Validity], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`renewed` is told of each new one."""
        self.pair: Pair | None = None
        self._settings = settings
        self._renewed = renewed
        self._now = now
        self._validity: Validity | None = None
        self._reminded: datetime | None = None
        self._failed: datetime | None = None
        self._seen = self._sign()
        self._tried: tuple[Signature | None, ...] | None = None

    async def run(self) -> None:
        """Look at the files, and at the clock, for ever."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            self.look()

    def look(self) -> None:
        """Use what has changed, once it has stood still; warn of an end that is near."""
        signatures = self._sign()
        is_due = signatures != self._tried or (
            self._failed is not None and self._now() >= self._failed + RETRY
        )
        if is_due and signatures == self._seen:
            self._tried, self._failed = signatures, None
            self._read()
        self._seen = signatures
        self._remind()

    def _sign(self) -> tuple[Signature | None, ...]:
        return tuple(
            sign(str(path)) for path in (self._settings.certificate, self._settings.key)
        )

    def _read(self) -> None:
        try:
            pair, validity = read_pair(self._settings)
        except (CertificateError, OSError) as error:
            self._failed = self._now()
            what = "the certificate in use stays" if self.pair else "there is no DNS over TLS"
            log.error("certificate-unusable", f"{error}; until that is mended, {what}")
            return
        if pair == self.pair:
            return
        self.pair, self._validity, self._reminded = pair, validity, None
        text = f"certificate {self._settings.certificate} valid until {validity.end}"
        log.info("certificate-new", text, until=validity.end.isoformat())
        self._renewed(pair, validity)

    def _remind(self) -> None:
        """Warn of the end of the certificate in use, once a day."""
        validity, now = self._validity, self._now()
        if validity is None or (self._reminded and now < self._reminded + REMINDER):
            return
        notice = min(MOST_NOTICE, (validity.end - validity.begin) / NOTICE_SHARE)
        if now < validity.end - notice:
            return
        self._reminded = now
        path, until = self._settings.certificate, validity.end.isoformat()
        if now >= validity.end:
            text = f"certificate {path} has expired on {validity.end}"
            log.error("certificate-expired", text, until=until)
        else:
            left = count((validity.end - now).days, "day")
            text = f"certificate {path} expires on {validity.end}, in {left}"
            log.warning("certificate-expires", text, until=until)
