"""The exceptions of this package: one root, split by whose fault it is.

    ZoneserverError
    ├── NameSyntaxError       text or octets that are no domain name
    ├── RdataError            text or octets that are no rdata of their type
    ├── MessageError          a DNS message we cannot read; carries the RCODE to send
    ├── SignatureError        a message that is not signed as it must be
    ├── ImageError            octets that are no zone image
    ├── JournalError          octets that are no journal of a zone
    ├── TransferError         what another server sends is no zone, or no part of one
    └── OperatorError         what the person who runs the server must mend
        ├── ConfigurationError    the configuration file or a flag
        ├── CertificateError      a TLS certificate or its key
        └── StartError            a folder, a file or a port that cannot be used

Any other exception is a defect of ours.
"""


class ZoneserverError(Exception):
    """Root of every exception this package raises on purpose."""


class NameSyntaxError(ZoneserverError):
    """Text or octets that break RFC 1035 2.3.4; `code` is the rule that says so."""

    def __init__(self, message: str, code: str = "SY003") -> None:
        super().__init__(message)
        self.code = code


class RdataError(ZoneserverError):
    """Rdata that its type does not allow.

    `position` is the index of the faulty field (None: the rdata as a whole), `code`
    the rule, `fix` what to write instead (may be empty).
    """

    def __init__(
        self, message: str, *, code: str = "SY003", fix: str = "", position: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.fix = fix
        self.position = position


class MessageError(ZoneserverError):
    """A DNS message that cannot be answered as asked; `rcode` is what to send."""

    def __init__(self, message: str, rcode: int) -> None:
        super().__init__(message)
        self.rcode = rcode


class SignatureError(ZoneserverError):
    """A DNS message that is not signed as it must be, or not with the key that we share."""


class ImageError(ZoneserverError):
    """Octets that are no zone image, or a damaged one: it has to be made again."""


class JournalError(ZoneserverError):
    """Octets that are no journal, or a damaged one: zones are sent whole instead."""


class TransferError(ZoneserverError):
    """What another server sends cannot become a zone of ours; the text says why.

    `rcode` is the one that it sent, if that is the reason.
    """

    def __init__(self, message: str, rcode: int = 0) -> None:
        super().__init__(message)
        self.rcode = rcode


class OperatorError(ZoneserverError):
    """Something only the person who runs the server can mend; the text says how."""


class ConfigurationError(OperatorError):
    """The configuration file, or a flag, says something that cannot be done."""


class StartError(OperatorError):
    """A folder, a file or a port that the server needs and cannot use."""


class CertificateError(OperatorError):
    """A TLS certificate or its key that cannot be used."""


class SigningKeyError(OperatorError):
    """A key that zones are signed with cannot be used; the text says why, not what it is."""
