"""The image files that are served, and what in them is not: few files, little waste."""

from collections import Counter
from collections.abc import Iterable, Iterator, KeysView, Sequence

from zoneserver.image.images import Place
from zoneserver.names import Name
from zoneserver.service.keeping.store import Served, Store, read_places

MOST_FILES = 32  # each edit adds one; beyond, the small ones become one


class Shelf:
    """Image files, of which a later one replaces zones of earlier ones."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._files: dict[str, dict[bytes, Place]] = {}
        self._latest: dict[bytes, str] = {}  # the file of each zone's last image, if it stands
        self._counts: Counter[str] = Counter()  # such images in each file
        self._gone: set[bytes] = set()  # zones that stood, and may be in files still

    def open(self, path: str) -> dict[bytes, Place]:
        """Add a file; where its zones are, by the key of the origin.

        Raises OSError or ImageError.
        """
        places = read_places(path)
        for key in places:
            self._leave(key)
        self._files[path] = places
        self._latest.update(dict.fromkeys(places, path))
        self._counts[path] = len(places)
        self._gone.difference_update(places)
        return places

    def remove(self, origins: Iterable[Name]) -> None:
        """Zones that are served no longer."""
        for origin in origins:
            self._leave(origin.key)
            self._gone.add(origin.key)

    def served(self, refused: Iterable[Name]) -> Served:
        """What to answer from, beside zones that are refused: files without any go."""
        self._files = {path: each for path, each in self._files.items() if self._counts[path]}
        files = self._files.values()
        self._gone = {key for key in self._gone if any(key in each for each in files)}
        return Served(tuple(self._files), tuple(map(Name, sorted(self._gone))), tuple(refused))

    def _leave(self, key: bytes) -> None:
        """Count on the image of a zone no longer."""
        path = self._latest.pop(key, None)
        if path is not None:
            self._counts[path] -= 1

    def tidy(self, standing: KeysView[bytes]) -> Iterator[tuple[bytes, Place]]:
        """Make fewer files where there are many; the zones that are in another place now.

        Raises StoreError, OSError or ImageError, and then leaves all as it was.
        """
        merged = self._choose(standing)
        if len(merged) > 1:
            yield from self._merge(merged, standing)

    def _merge(
        self, merged: Sequence[str], standing: KeysView[bytes]
    ) -> Iterator[tuple[bytes, Place]]:
        zones = {key: place for path in merged for key, place in self._files[path].items()}
        # An image that another file has a newer one for may not come to stand behind it.
        live = {
            key: place
            for key, place in zones.items()
            if key in standing and self._latest.get(key) in merged
        }
        path = self._store.write(
            lambda: (
                (key, bytes(octets[offset : offset + length]))
                for key, (octets, offset, length) in live.items()
            )
        )
        self._files = {
            each: places for each, places in self._files.items() if each not in merged
        }
        yield from self.open(path).items()

    def bring_home(self, standing: KeysView[bytes]) -> Iterator[tuple[bytes, Place]]:
        """Move what could not be written to the state directory there, once that works again.

        Raises as `tidy` does.
        """
        away = [path for path in self._files if self._store.is_away(path)]
        if away and self._store.can_write():
            yield from self._merge(away, standing)

    def _choose(self, standing: KeysView[bytes]) -> Sequence[str]:
        """The files to merge: all but the first, and that too where it is mostly waste."""
        if len(self._files) <= MOST_FILES:
            return ()
        first, *others = self._files
        places = self._files[first]
        live = sum(
            place.length
            for key, place in places.items()
            if key in standing and self._latest.get(key) == first
        )
        wasted = sum(place.length for place in places.values()) - live
        return (first, *others) if wasted > live else others
