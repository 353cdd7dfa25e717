"""The builder's side of the overview: what there is to say of zones after a renewal."""

from collections.abc import Iterable, Iterator

from zoneserver.findings import Finding, Level
from zoneserver.image.images import open_image
from zoneserver.names import Name
from zoneserver.service.keeping.keeper import Keeper, Renewal
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.observing.overview import Document, Reload, ZoneState, tell
from zoneserver.zonefile.source import Kind


class Survey:
    """Knows which zones the main process has to hear of."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._is_new = True
        self._blocked: frozenset[Name] = frozenset()  # stale or refused, last time

    def tell(self, renewal: Renewal, reload: Reload) -> Iterator[Document]:
        """What has changed with a renewal: all zones the first time."""
        admission = renewal.admission
        blocked = admission.kept | admission.refused
        if self._is_new:
            touched = {each.origin for each in self._keeper.standing}
        else:
            touched = {each.origin for each in admission.versions}
            touched |= {each.origin for each in admission.judgements}
        touched |= blocked | self._blocked | self._keeper.refused.keys()
        gone = [origin for origin in {*admission.gone, *touched} if not self._has(origin)]
        states = self._states(touched.difference(gone), renewal, admission.kept)
        yield from tell(states, map(str, gone), reload, anew=self._is_new)
        self._is_new, self._blocked = False, blocked

    def _has(self, origin: Name) -> bool:
        return origin in self._keeper.standing or origin in self._keeper.refused

    def _states(
        self, origins: Iterable[Name], renewal: Renewal, kept: frozenset[Name]
    ) -> Iterator[ZoneState]:
        found = _by_zone(renewal.admission.findings)
        for origin in sorted(origins, key=Name.canonical):
            version = self._keeper.standing.get(origin)
            findings = found.get(origin, [])
            if not isinstance(version, Imaged):
                files = dict.fromkeys(each.mark.file for each in findings)
                yield ZoneState(
                    str(origin),
                    files=tuple(files),
                    findings=_documents(findings),
                    refused=True,
                    kind=self._keeper.refused.get(origin, Kind.PRIMARY),
                )
                continue
            is_stale = origin in kept
            if not is_stale:
                findings = list(version.description.judgement.findings)
            yield _state(version, findings, is_stale=is_stale)


def _state(version: Imaged, findings: Iterable[Finding], *, is_stale: bool) -> ZoneState:
    # Opened anew: kept with the version, images of all zones would stay in memory.
    image, description = open_image(version.place), version.description
    return ZoneState(
        str(version.origin),
        image.serial,
        image.records,
        description.route,
        description.loaded,
        (*description.files, *description.included),
        _documents(findings),
        stale=is_stale,
        kind=version.kind,
        signed=bool(description.signed),
    )


def _by_zone(findings: Iterable[Finding]) -> dict[Name, list[Finding]]:
    """The findings by the zones that they concern."""
    found: dict[Name, list[Finding]] = {}
    for finding in findings:
        for origin in {finding.origin, *finding.also} - {None}:
            assert origin is not None
            found.setdefault(origin, []).append(finding)
    return found


def _documents(findings: Iterable[Finding]) -> tuple[Document, ...]:
    return tuple(each.document() for each in findings if each.level > Level.HINT)
