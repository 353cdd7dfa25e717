"""Two tables of the status page: who else has our zones, and which we have from elsewhere."""

from heapq import nsmallest

from zoneserver.service.monitor.shown import age, show
from zoneserver.service.observing.overview import Overview, ZoneState
from zoneserver.service.observing.transfers import CopyState, SecondaryState, is_behind

MOST_ROWS = 200  # in each table


def write_servers(overview: Overview, sought: str, now: float) -> str:
    """Which server has which serial of the zones that are `sought`; those behind come first.

    Empty where no zone goes to another server.
    """
    rows = [
        (zone, secondary)
        for zone in (overview.zones.values() if overview.transfers.secondaries else ())
        if sought in zone.origin.lower()
        for secondary in overview.transfers.servers(zone.origin)
    ]
    first = nsmallest(
        MOST_ROWS,
        rows,
        key=lambda row: (not is_behind(row[1], row[0].serial), row[0].origin, row[1].server),
    )
    shown = [_server(*row, now) for row in first]
    heads = ("Zone", "Server", "Serial", "Since", "Told", "State")
    return _table("Secondaries", heads, shown, len(rows))


def write_copies(overview: Overview, sought: str, now: float) -> str:
    """The zones from elsewhere, those first that could not be refreshed; empty: none."""
    copies = [copy for copy in overview.transfers.copies.values() if sought in copy.zone]
    first = nsmallest(MOST_ROWS, copies, key=lambda copy: (not copy.problem, copy.zone))
    shown = [_copy(copy, now) for copy in first]
    heads = ("Zone", "From", "Serial", "Fetched", "Checked", "Expires in", "State")
    return _table("Copies from elsewhere", heads, shown, len(copies))


def _table(title: str, heads: tuple[str, ...], rows: list[str], total: int) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    more = total - len(rows)
    note = f"<p>and {more:,} more</p>" if more else ""
    return (
        f"<section><h2>{title}</h2><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>{note}</section>"
    )


def _server(zone: ZoneState, secondary: SecondaryState, now: float) -> str:
    state, words = "good", "has what is served"
    if is_behind(secondary, zone.serial):
        state, words = "bad", secondary.problem or f"shall have {zone.serial}"
    cells = (
        secondary.server,
        "-" if secondary.serial is None else secondary.serial,
        age(now - secondary.since) if secondary.since else "-",
        "-" if secondary.told is None else secondary.told,
    )
    return _row(zone.origin, cells, state, words)


def _copy(copy: CopyState, now: float) -> str:
    state, words = ("bad", copy.problem) if copy.problem else ("good", "refreshed")
    left = copy.expires - now
    cells = (
        copy.primary or "-",
        "-" if copy.serial is None else copy.serial,
        *(f"{age(now - each)} ago" if each else "-" for each in (copy.fetched, copy.checked)),
        "-" if copy.serial is None else age(left) if left > 0 else "expired",
    )
    return _row(copy.zone, cells, state, words)


def _row(origin: str, cells: tuple[object, ...], state: str, words: str) -> str:
    shown = "".join(f"<td>{show(each)}</td>" for each in cells)
    return (
        f'<tr><th scope="row">{show(origin)}</th>{shown}'
        f'<td class="{state}">{show(words)}</td></tr>'
    )
