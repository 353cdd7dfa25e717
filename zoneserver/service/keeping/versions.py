"""Versions of zones that live in image files: looked up in at once, read whole rarely.

What must be known of a version without reading it whole stands in its image as the
description: what it says of other zones, what it was judged by, what it was read from.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from zoneserver import __version__
from zoneserver.errors import ImageError, NameSyntaxError
from zoneserver.image.images import Place, open_image
from zoneserver.image.reader import ZoneImage
from zoneserver.names import Name
from zoneserver.service.disk.files import Includer
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.service.disk.loading import read_source
from zoneserver.service.keeping.exchange import (
    read_judgement,
    read_references,
    write_judgement,
    write_references,
)
from zoneserver.transfer.journal import Stamp
from zoneserver.validator.judge import Judgement
from zoneserver.validator.references import References
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import Defaults, Kind, Outlook

_LEVEL = 1  # of compression: texts are written often, and read on rare days


@dataclass(frozen=True, slots=True)
class Description:
    """What is kept of a version beside its image.

    `folder` is what its includes are relative to, `files` and `included` are its own files
    and those that they name. The `fingerprint` tells whether the files, read as they would be
    read today, make another version. It was `loaded` then, in seconds since 1970,
    and mail for its origin goes by a `route`, in words; none by a catalog's. `content` is a
    digest of the records, its `kind` says where they come from. It was `signed` so; empty: it
    was not.
    """

    references: References
    judgement: Judgement
    folder: str
    files: tuple[str, ...]
    included: tuple[str, ...]
    fingerprint: str
    loaded: int
    route: str
    content: str
    kind: Kind
    signed: str
    outlook: Outlook

    def pack(self) -> bytes:
        """The octets for the image."""
        document = {
            "references": write_references(self.references),
            "judgement": write_judgement(self.judgement),
            "folder": self.folder,
            "files": self.files,
            "included": self.included,
            "fingerprint": self.fingerprint,
            "loaded": self.loaded,
            "route": self.route,
            "content": self.content,
            "kind": self.kind,
            "signed": self.signed,
            "outlook": astuple(self.outlook),
        }
        return json.dumps(document).encode()

    @classmethod
    def unpack(cls, octets: bytes) -> "Description":
        """The value again. Raises ImageError."""
        try:
            document = json.loads(octets)
            return cls(
                read_references(document["references"]),
                read_judgement(document["judgement"]),
                document["folder"],
                tuple(document["files"]),
                tuple(document["included"]),
                document["fingerprint"],
                document["loaded"],
                document["route"],
                document["content"],
                Kind(document["kind"]),
                document["signed"],
                Outlook(*document["outlook"]),
            )
        except (ValueError, KeyError, TypeError, NameSyntaxError) as error:
            raise ImageError(f"its description cannot be read: {error}") from error


@dataclass(frozen=True)
class Imaged:
    """A version whose zone is in an image file. `defaults` are what it was read with."""

    origin: Name
    place: Place
    description: Description
    defaults: Defaults

    @property
    def references(self) -> References:
        """What it says of names outside itself."""
        return self.description.references

    @property
    def stamp(self) -> Stamp:
        """What tells it from other versions of the zone."""
        return _make_stamp(open_image(self.place), self.description.content)

    @property
    def kind(self) -> Kind:
        """Where the zone comes from."""
        return self.description.kind

    @cached_property
    def image(self) -> ZoneImage:
        """The image."""
        return open_image(self.place)

    @cached_property
    def zone(self) -> Zone:
        """The zone, whose nodes are read one by one."""
        return self.image.zone()

    def texts(self) -> dict[str, bytes]:
        """What it was read from, by file."""
        return unpack_texts(self.image.texts)

    def files(self) -> ZoneFiles:
        """What it was read from, whatever is there by now."""
        texts = self.texts()
        folder = Path(self.description.folder)
        include = Includer(folder, folder).knowing(texts)
        own = {name: texts[name] for name in self.description.files}
        is_master = self.kind is not Kind.PRIMARY
        return ZoneFiles(folder, self.origin, include, own, (), is_master, self.kind)

    def candidate(self) -> Candidate:
        """All of it, read again from what it was read from."""
        source = read_source(self.files(), self.origin, self.defaults)
        if source.auto_serial:
            source = source.with_serial(self.image.serial)
        return Candidate(source, build_zone(source))


def read_stamp(image: ZoneImage) -> Stamp:
    """The stamp of the version in an image. Raises ImageError."""
    return _make_stamp(image, Description.unpack(image.description).content)


def _make_stamp(image: ZoneImage, content: str) -> Stamp:
    return Stamp(image.serial, bytes.fromhex(content))


def pack_texts(texts: Mapping[str, bytes]) -> bytes:
    """What a zone was read from, by file, for its image."""
    document = {name: octets.decode("latin-1") for name, octets in texts.items()}
    return zlib.compress(json.dumps(document).encode(), _LEVEL)


def unpack_texts(octets: bytes) -> dict[str, bytes]:
    """The files again. Raises ImageError."""
    try:
        document = json.loads(zlib.decompress(octets))
        return {name: text.encode("latin-1") for name, text in document.items()}
    except (zlib.error, ValueError, AttributeError) as error:
        raise ImageError(f"its texts cannot be read: {error}") from error


def fingerprint(texts: Mapping[str, bytes], defaults: Defaults) -> str:
    """What tells two readings apart: other files, other defaults, other rules."""
    digest = blake2b(f"{__version__} {defaults!r}".encode(), digest_size=16)
    for name, octets in texts.items():
        digest.update(
            b"%d %b %d " % (len(name), name.encode("utf-8", "surrogateescape"), len(octets))
        )
        digest.update(octets)
    return digest.hexdigest()
