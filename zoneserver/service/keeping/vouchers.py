"""Which zones of ours say something for others of ours, and whether they still say the same."""

from collections.abc import Iterable, Mapping

from zoneserver.dnssec.parent import ParentDs
from zoneserver.dnssec.vouching import Offer, digest, name_signal, vouch
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import DS
from zoneserver.service.keeping.standing import Standing
from zoneserver.service.keeping.versions import Imaged
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.source import Dnssec, ZoneSource

_WORD = "for="  # begins the word of a way of signing that says for whom a zone speaks


class Vouchers:
    """What the signed zones that stand offer, and who has to speak for them.

    That is the zone above each; and as long as that is waited for, the zones that its servers
    are in.
    """

    def __init__(self, standing: Standing | None = None) -> None:
        """Without zones that stand nobody offers anything."""
        self._standing = Standing() if standing is None else standing
        self._turns = self._standing.turns
        self._offers: dict[Name, Offer] = {}
        self._above: dict[Name, Name] = {}  # the zone above who offers, if we have it
        self._speakers: dict[Name, set[Name]] = {}  # by who offers
        self._heard: dict[Name, set[Name]] = {}  # who offers, by speaker
        self._said: dict[Name, str] = {}  # what signed zones say, by their versions
        self._due: dict[Name, str] = {}  # what they have to say, where that is known
        self._news: object = None

    def note(self, versions: Iterable[Imaged], gone: Iterable[Name] = ()) -> None:
        """These versions stand from now on."""
        for origin in gone:
            self._said.pop(origin, None)
            self._offer(origin, None)
        for version in versions:
            origin, signed = version.origin, version.description.signed
            self._said.pop(origin, None)
            offer = None
            if signed:
                self._said[origin] = _read_word(signed)
                is_new = version.description.outlook.ask > 0
                offer = Offer.of(version.zone, is_new=is_new)
            self._offer(origin, offer)
        if self._turns != self._standing.turns:
            self._turns = self._standing.turns
            for offer in list(self._offers.values()):
                self._offer(offer.zone, offer)

    def find_outdated(self) -> set[Name]:
        """The signed zones that say something else than they have to."""
        speakers = self._heard.keys() | {each for each, said in self._said.items() if said}
        return {each for each in speakers & self._said.keys() if self._has_to_say(each)}

    def add_records(self, source: ZoneSource, dnssec: Dnssec) -> ZoneSource:
        """The source with what it says for others."""
        offers = self._list_offers(source.origin)
        if not offers:
            return source
        return source.with_records(vouch(build_zone(source), offers, dnssec.mark))

    def words(self, origin: Name) -> list[str]:
        """What tells, in the words of how a zone is signed, what it says for others."""
        word = digest(self._list_offers(origin))
        return [f"{_WORD}{word}"] if word else []

    def has_news(self, parents: Mapping[Name, ParentDs]) -> bool:
        """Whether another look would find something to be done that no look has tried.

        `parents` is what our zones say of those that wait for that.
        """
        news = self.find_outdated(), {zone: each.records for zone, each in parents.items()}
        is_new, self._news = any(news) and news != self._news, news
        return is_new

    def find_parents(self, waiting: Iterable[Name], now: float) -> dict[Name, ParentDs]:
        """What our zones say of those that wait for what their parents say."""
        found = ((origin, self._find_ds(origin, now)) for origin in waiting)
        return {origin: parent for origin, parent in found if parent}

    def _find_ds(self, origin: Name, now: float) -> ParentDs | None:
        """What our zone above says of a zone; None: we have none that delegates it."""
        version = self._standing.get(self._above[origin]) if origin in self._above else None
        above = version.zone if version else None
        node = above.find(origin) if above else None
        if above is None or node is None or node.cover or not node.is_cut:
            return None
        ds = node.find(rtypes.DS)
        if ds is None:
            ttl = above.negative[0].ttl if above.negative else 0
            return ParentDs(frozenset(), ttl, int(now))
        records = frozenset(each for each in ds.rdatas if isinstance(each, DS))
        return ParentDs(records, ds.ttl, int(now))

    def _has_to_say(self, speaker: Name) -> bool:
        """Whether it says something else."""
        if speaker not in self._due:
            self._due[speaker] = digest(self._list_offers(speaker))
        return self._due[speaker] != self._said[speaker]

    def _list_offers(self, speaker: Name) -> list[Offer]:
        return [self._offers[each] for each in self._heard.get(speaker, ())]

    def _offer(self, origin: Name, offer: Offer | None) -> None:
        """Let an offer take the place of the one that was there."""
        for speaker in self._speakers.pop(origin, ()):
            self._heard[speaker].discard(origin)
            self._due.pop(speaker, None)
            if not self._heard[speaker]:
                del self._heard[speaker]
        self._offers.pop(origin, None)
        self._above.pop(origin, None)
        if offer is None:
            return
        self._offers[origin] = offer
        speakers = {self._find_origin(name_signal(origin, host)) for host in offer.hosts}
        if above := self._find_origin(origin.parent if origin != ROOT else None):
            self._above[origin] = above
            speakers.add(above)
        self._speakers[origin] = {speaker for speaker in speakers if speaker}
        for speaker in self._speakers[origin]:
            self._heard.setdefault(speaker, set()).add(origin)
            self._due.pop(speaker, None)

    def _find_origin(self, name: Name | None) -> Name | None:
        """The longest origin at or above a name."""
        for each in (name, *name.ancestors()) if name else ():
            if each in self._standing:
                return each
        return None


def _read_word(signed: str) -> str:
    """What a zone says for others, which was signed so."""
    found = (word.removeprefix(_WORD) for word in signed.split() if word.startswith(_WORD))
    return next(found, "")
