"""The keys that servers share, by which they know one another's messages (RFC 8945)."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from zoneserver.errors import ConfigurationError
from zoneserver.names import Name

# RFC 8945 6, without MD5 and SHA-1, which it wants nobody to begin with.
ALGORITHMS = ("hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
ALGORITHM_NAMES = {each: Name.parse(f"{each}.") for each in ALGORITHMS}
DEFAULT_ALGORITHM = "hmac-sha256"
MIN_SECRET_OCTETS = 16  # RFC 8945 8 wants as many as the digest has; who shares less is warned
MAX_SECRET_OCTETS = 1024


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that two servers share: its name, one of ALGORITHMS, its octets."""

    name: Name
    algorithm: str
    secret: bytes = field(repr=False)

    @property
    def algorithm_name(self) -> Name:
        """The algorithm as messages have it."""
        return ALGORITHM_NAMES[self.algorithm]

    @property
    def digest(self) -> str:
        """What hashlib calls the digest of its signatures."""
        return self.algorithm.removeprefix("hmac-")

    @property
    def mac_octets(self) -> int:
        """How many octets a signature has."""
        return hashlib.new(self.digest).digest_size


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by their names, no two of which are equal."""

    keys: tuple[Key, ...] = ()
    _by_name: dict[bytes, Key] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {key.name.key: key for key in self.keys})

    def find(self, name: Name) -> Key | None:
        """The key of this name, if we have it."""
        return self._by_name.get(name.key)

    def get(self, name: Name) -> Key:
        """The same. Raises KeyError."""
        return self._by_name[name.key]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, Name) and name.key in self._by_name

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)


NO_KEYS = Keyring()


def parse_algorithm(text: str) -> str:
    """One of ALGORITHMS, in any case. Raises ConfigurationError."""
    algorithm = text.lower().removesuffix(".")
    if algorithm in ALGORITHMS:
        return algorithm
    weak = algorithm in {"hmac-md5", "hmac-md5.sig-alg.reg.int", "hmac-sha1"}
    why = "is too weak" if weak else "is no algorithm of ours"
    raise ConfigurationError(f"{text} {why}: write one of {', '.join(ALGORITHMS)}")


def parse_secret(text: str) -> bytes:
    """The octets of a secret in base64. Raises ConfigurationError, which does not repeat it."""
    try:
        octets = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigurationError(
            "the secret is no base64: `zoneserver key generate` makes one"
        ) from error
    if not MIN_SECRET_OCTETS <= len(octets) <= MAX_SECRET_OCTETS:
        raise ConfigurationError(
            f"the secret has {len(octets)} octets; {MIN_SECRET_OCTETS} to {MAX_SECRET_OCTETS} "
            "are due: `zoneserver key generate` makes one"
        )
    return octets


def make_key(name: Name, algorithm: str, draw: Callable[[int], bytes]) -> Key:
    """A new key. `draw` gives so many octets that nobody can guess."""
    # RFC 8945 8: as many as its signatures have.
    octets = Key(name, algorithm, b"").mac_octets
    return Key(name, algorithm, draw(octets))


def list_weak(keys: Iterable[Key]) -> list[Key]:
    """Those whose secret is shorter than their signatures (RFC 8945 8)."""
    return [key for key in keys if len(key.secret) < key.mac_octets]
