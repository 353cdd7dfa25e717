"""The catalog of our own zones (RFC 9432), for those who serve all of them."""

from collections.abc import Collection
from pathlib import Path

from zoneserver.names import Name
from zoneserver.service.disk.files import Includer
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.transfer.catalog import write_catalog
from zoneserver.transfer.settings import TransferSettings
from zoneserver.zonefile.source import Kind

_NOTHING = Includer(Path(), Path())  # it includes no file


class Producer:
    """Makes it, and remembers of which zones."""

    def __init__(self) -> None:
        self._zones: tuple[frozenset[Name], frozenset[Name]] | None = None
        self._catalog: Name | None = None

    def produce(
        self,
        catalog: Name,
        ours: frozenset[Name],
        missing: frozenset[Name],
        transfers: TransferSettings,
    ) -> list[ZoneFiles]:
        """The catalog of zones that are there, and of missing ones; none if it is as it was.

        What lists a zone no more has every server drop it, so one whose file is gone stays
        until somebody says that it shall go.
        """
        known = self._zones
        if known is not None and known[0] is ours and known[1] == missing:
            return []
        self._zones, self._catalog = (ours, missing), catalog
        groups = {zone: transfers.groups_of(zone) for zone in (*ours, *missing)}
        file = str(catalog)
        text = {file: write_catalog(catalog, groups).encode()}
        made = ZoneFiles(
            Path(file), catalog, _NOTHING, text, is_master=True, kind=Kind.PRODUCED
        )
        return [made]

    def forget(self, origins: Collection[Name]) -> None:
        """Have it made again next time, if it is among these."""
        if self._catalog is not None and self._catalog in origins:
            self._zones = None
