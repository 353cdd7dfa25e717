"""The page of each rule: what it is for, a zone that breaks it, and its fix.

Pages are data (zoneserver/rules/*.yaml). What is said of a bad zone is not: the zone is
judged when the page is shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import LEVELS, Finding
from zoneserver.names import Name
from zoneserver.service.disk.files import Includer
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.service.disk.loading import Loaded, judge_loaded, load
from zoneserver.service.keeping.serials import Serials
from zoneserver.validator.guard import find_losses, guard
from zoneserver.validator.world import world_of
from zoneserver.zonefile.source import Defaults, SoaDefaults

# What zones in YAML leave out, so that only the records of interest are shown.
DEFAULTS = Defaults(
    ns=(Name.parse("ns1.example.net."), Name.parse("ns2.example.org.")),
    soa=SoaDefaults(rname=Name.parse("hostmaster.example.net.")),
)
NOTHING = Defaults()
TODAY = date(2026, 1, 1)  # of all judgements here, so that they do not change overnight

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one rule. `bad` and `good` are zone files of the zone `origin`.

    `others` are zones that are served beside it, by origin. `served` is the version of the
    zone that came before. A zone that is `master` is a master file. Without `defaults` the
    server's configuration adds nothing. `named` are files that zones name, by path.
    """

    code: str
    why: str
    bad: str
    good: str
    origin: str = "example.com."
    master: bool = False
    defaults: bool = True
    others: Mapping[str, str] = field(default_factory=dict)
    served: str = ""
    named: Mapping[str, str] = field(default_factory=dict)

    def files(self, zone: str) -> dict[str, str]:
        """The files of an example by name: the zone, then those beside it."""
        suffix = "zone" if self.master else "yaml"
        files = {f"{self.origin}{suffix}": zone}
        files |= {f"{origin}yaml": text for origin, text in self.others.items()}
        return files | dict(self.named)

    def judge(self, zone: str) -> tuple[Finding, ...]:
        """All findings about an example."""
        serials = Serials(None)
        if not self.served:
            return self._judge(self._load(zone, serials))
        old = self._load(self.served, serials).candidates[0]
        serials.keep([Name.parse(self.origin)])
        loaded = self._load(zone, serials)
        new = loaded.candidates[0]
        losses = find_losses(old.zone, new.zone, world_of(loaded.candidates).zones)
        return (*self._judge(loaded), *guard(losses, new.source, TODAY))

    def _load(self, zone: str, serials: Serials) -> Loaded:
        return load(
            list(self._zone_files(zone)),
            DEFAULTS if self.defaults else NOTHING,
            lambda source: serials.number(source, 0),
        )

    def _judge(self, loaded: Loaded) -> tuple[Finding, ...]:
        return judge_loaded(loaded, TODAY, {self.code})

    def _zone_files(self, zone: str) -> Iterator[ZoneFiles]:
        named = {file: text.encode() for file, text in self.named.items()}
        include = Includer(Path(), Path(), named)  # no other is below a relative folder
        for file, text in self.files(zone).items():
            if file in named:
                continue
            path = Path(file)
            origin = Name.parse(f"{path.stem}.")
            octets = {file: text.encode()}
            is_master = path.suffix == ".zone"
            yield ZoneFiles(path, origin, include, octets, is_master=is_master)


def describe_rule(code: str) -> str:
    """How bad it is to break a rule, and what can be done about it."""
    rule = CATALOGUE[code]
    words = [str(LEVELS[rule.level])]
    if not rule.waivable:
        words.append("cannot be waived")
    if not rule.default:
        words.append("off unless selected")
    return ", ".join(words)


@cache
def read_pages() -> Mapping[str, Page]:
    """Every page by code."""
    pages: dict[str, Page] = {}
    for file in (resources.files("zoneserver") / "rules").iterdir():
        # Both loaders are safe ones; libyaml's is much faster.
        written = yaml.load(file.read_text("utf-8"), _LOADER)  # noqa: S506
        pages |= {code: Page(code, **fields) for code, fields in written.items()}
    return pages
