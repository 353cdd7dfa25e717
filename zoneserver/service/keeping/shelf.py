"""The image files that are served, and what in them is not: few files, little waste."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from zoneserver.image.images import Place
from zoneserver.names import Name
from zoneserver.service.keeping.store import Served, Store, read_places

MOST_FILES = 32  # each edit adds one; beyond, the small ones become one


class Shelf:
    """Image files, of which a later one replaces zones of earlier ones."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._files: dict[str, dict[bytes, Place]] = {}

    def open(self, path: str) -> dict[bytes, Place]:
        """Add a file; where its zones are, by the key of the origin.

        Raises OSError or ImageError.
        """
        self._files[path] = places = read_places(path)
        return places

    def served(self, standing: Collection[bytes], refused: Iterable[Name]) -> Served:
        """What to answer from, if these zones are to be served: files without any go."""
        latest = {key: path for path, places in self._files.items() for key in places}
        used = {path for key, path in latest.items() if key in standing}
        self._files = {path: each for path, each in self._files.items() if path in used}
        held = {key for places in self._files.values() for key in places}
        gone = tuple(Name(key) for key in sorted(held - set(standing)))
        return Served(tuple(self._files), gone, tuple(refused))

    def tidy(self, standing: Collection[bytes]) -> Iterator[tuple[bytes, Place]]:
        """Make fewer files where there are many; the zones that are in another place now.

        Raises StoreError, OSError or ImageError, and then leaves all as it was.
        """
        merged = self._choose(standing)
        if len(merged) > 1:
            yield from self._merge(merged, standing)

    def _merge(
        self, merged: Sequence[str], standing: Collection[bytes]
    ) -> Iterator[tuple[bytes, Place]]:
        zones = {key: place for path in merged for key, place in self._files[path].items()}
        live = {key: place for key, place in zones.items() if key in standing}
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

    def bring_home(self, standing: Collection[bytes]) -> Iterator[tuple[bytes, Place]]:
        """Move what could not be written to the state directory there, once that works again.

        Raises as `tidy` does.
        """
        away = [path for path in self._files if self._store.is_away(path)]
        if away and self._store.can_write():
            yield from self._merge(away, standing)

    def _choose(self, standing: Collection[bytes]) -> Sequence[str]:
        """The files to merge: all but the first, and that too where it is mostly waste."""
        if len(self._files) <= MOST_FILES:
            return ()
        first, *others = self._files
        latest = {key: path for path, places in self._files.items() for key in places}
        places = self._files[first]
        live = sum(
            place.length
            for key, place in places.items()
            if key in standing and latest[key] == first
        )
        wasted = sum(place.length for place in places.values()) - live
        return (first, *others) if wasted > live else others
