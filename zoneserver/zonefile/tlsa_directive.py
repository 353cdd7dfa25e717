"""$tlsa: whose certificate a host shows, from which the TLSA records follow (RFC 7672)."""

from collections.abc import Callable, Mapping

from zoneserver.errors import NameSyntaxError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.zonefile.nodes import Node, NodeError, Scalar, as_list, mapping, scalar, show
from zoneserver.zonefile.pem import Found, read_public_key
from zoneserver.zonefile.report import Report, did_you_mean
from zoneserver.zonefile.scalars import read_integer, read_ttl
from zoneserver.zonefile.source import ServerKey, TlsaBlock
from zoneserver.zonefile.targets import Targets, name_problem

TLSA_KEYS = {
    "host": "the host that shows the certificate",
    "certificate": "the file of its certificate, or of its public key, in PEM",
    "next": "the file of the one that comes next",
    "port": "the port of the service, or a list of several; 25 if there is none",
    "protocol": "tcp, udp or sctp; tcp if there is none",
    "ttl": "the TTL of the records",
}
NEEDED = ("host", "certificate")
PROTOCOLS = ("tcp", "udp", "sctp")  # RFC 6698 3
MAX_PORTS = 16
SMTP = (b"_25", b"_tcp")  # RFC 7672 3.1: between mail servers the port is always 25
_MAX_PORT = 65535
_EXAMPLE = "$tlsa: {host: mail.example.com., certificate: mail.pem}"

Fields = Mapping[str, Node]


class KeyFiles:
    """The keys in the files that a zone names, each file read once.

    `fetch` has the octets of a file; it raises OSError and ValueError.
    """

    def __init__(self, fetch: Callable[[Scalar], bytes]) -> None:
        self._fetch = fetch
        self._known: dict[tuple[str, str], Found] = {}

    def read(self, fields: Fields) -> tuple[ServerKey, ...]:
        """The keys of `certificate` and `next`, as far as they are there. Raises NodeError."""
        paths = [
            scalar(fields[key], key, example=f"{key}: mail.pem")
            for key in ("certificate", "next")
            if key in fields
        ]
        return tuple(ServerKey(each.text, each.mark, *self._read(each)) for each in paths)

    def _read(self, path: Scalar) -> Found:
        folder, _, _ = path.file.rpartition("/")
        if (folder, path.text) not in self._known:
            self._known[folder, path.text] = self._look(path)
        return self._known[folder, path.text]

    def _look(self, path: Scalar) -> Found:
        if path.is_null or not path.text:
            fix = "write the path of a PEM file, relative to the folder of this file"
            raise NodeError("TL007", path, "the name of the certificate's file is empty", fix)
        try:
            octets = self._fetch(path)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = getattr(error, "strerror", None) or str(error)
            raise NodeError(
                "TL007",
                path,
                f"{show(path.text)} cannot be read ({reason}): the TLSA of its server would be"
                " missing",
                "put the certificate there, alone and in PEM; the path is relative to the"
                " folder of this file, and stays inside the zones folder, or one that the"
                " configuration names in certificates",
            ) from error
        try:
            return read_public_key(octets)
        except ValueError as error:
            raise NodeError(
                "TL007",
                path,
                f"{show(path.text)} {error}: the TLSA of its server would be missing",
                "put the server's certificate there in PEM: it begins with -----BEGIN"
                " CERTIFICATE-----",
            ) from error


class TlsaReader:
    """Reads `$tlsa`: a mapping, or a list of them."""

    def __init__(self, report: Report, ttl: int, files: KeyFiles) -> None:
        self._report = report
        self._ttl = ttl
        self._files = files
        self._targets = Targets(report.origin)

    def read(self, node: Node) -> tuple[TlsaBlock, ...]:
        """The blocks that can be read; what is wrong with others goes to the report."""
        blocks = []
        for each in as_list(node):
            try:
                blocks.append(self._read_block(each))
            except NodeError as problem:
                self._report.note(problem)
        return tuple(blocks)

    def _read_block(self, node: Node) -> TlsaBlock:
        """One block. Raises NodeError."""
        fields: dict[str, Node] = {}
        for key, value in mapping(node, "$tlsa", _EXAMPLE).pairs:
            if key.text not in TLSA_KEYS:
                fix = did_you_mean(key.text, TLSA_KEYS) or f"write {_EXAMPLE}"
                raise NodeError("SY008", key, f"$tlsa has no key {show(key.text)}", fix)
            fields[key.text] = value
        if missing := next((each for each in NEEDED if each not in fields), ""):
            raise NodeError("SY008", node, f"$tlsa has no {missing}", f"write {_EXAMPLE}")
        host = self._targets.read(fields["host"], rtypes.TLSA, "host")
        services = _read_services(fields)
        _check_length(fields["host"], host, services)
        ttl = read_ttl(fields["ttl"]) if "ttl" in fields else self._ttl
        keys = self._files.read(fields)
        return TlsaBlock(fields["host"].mark, ttl, (host,), services, keys)


def _read_services(fields: Fields) -> tuple[tuple[bytes, bytes], ...]:
    """What stands in front of the host, for each port. Raises NodeError."""
    protocol = "tcp"
    if "protocol" in fields:
        text = scalar(fields["protocol"], "protocol", example="protocol: tcp")
        protocol = text.text.lower()
        if protocol not in PROTOCOLS:
            fix = f"write one of {', '.join(PROTOCOLS)}"
            reason = f"{show(text.text)} is no protocol that TLSA is looked up for"
            raise NodeError("SY008", text, reason, fix)
    if "port" not in fields:
        return ((SMTP[0], f"_{protocol}".encode()),)
    nodes = as_list(fields["port"])
    if not 1 <= len(nodes) <= MAX_PORTS:
        reason = f"{len(nodes)} ports, where 1 to {MAX_PORTS} are due"
        raise NodeError("SY008", fields["port"], reason, "write port: [25, 465]")
    return tuple((_read_port(each), f"_{protocol}".encode()) for each in nodes)


def _read_port(node: Node) -> bytes:
    """A port as a label. Raises NodeError."""
    port = read_integer(node, "port", _MAX_PORT, "SY008")
    if port == 0:
        raise NodeError("SY008", node, "nothing listens on port 0", "write port: 25")
    return f"_{port}".encode()


def _check_length(node: Node, host: Name, services: tuple[tuple[bytes, bytes], ...]) -> None:
    """See that there is room for the labels in front. Raises NodeError."""
    try:
        for service in services:
            host.prefixed(*service)
    except NameSyntaxError as error:
        raise name_problem(node, f"the owner of the TLSA of {host}", error) from error
