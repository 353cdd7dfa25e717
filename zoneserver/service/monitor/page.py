"""The status page: what mail servers are told about each zone, and what wants mending.

Everything that comes from a zone is escaped, and cut where it is long.
"""

from collections.abc import Iterator, Mapping
from html import escape
from itertools import islice
from urllib.parse import urlencode

from zoneserver.service.monitor.charts import draw, say
from zoneserver.service.monitor.history import History
from zoneserver.service.monitor.mirror import Mirror
from zoneserver.service.monitor.shown import age, count, show
from zoneserver.service.monitor.transfer_page import write_copies, write_servers
from zoneserver.service.observing.overview import Document, ZoneState
from zoneserver.zonefile.source import Kind

ZONES_PER_PAGE = 100
MOST_FINDINGS = 100  # that are shown
TOLD = {
    "answer": "answered",
    "nodata": "nothing there",
    "nxdomain": "no such name",
    "referral": "sent on",
    "truncated": "cut short",
    "error": "failed",
}


def write_page(
    mirror: Mirror, history: History, parameters: Mapping[str, str], now: float
) -> bytes:
    """The page. `now` is in seconds since 1970.

    Of the parameters, `zone` is what the names of zones must contain, `page` which of them.
    """
    sought = parameters.get("zone", "").strip().lower()
    number = parameters.get("page", "")
    page = int(number) if number.isdecimal() and len(number) < 7 else 1
    body = "".join(
        (
            _head(mirror, now),
            _charts(history),
            _mending(mirror),
            _table(mirror, sought, max(1, page), now),
            write_servers(mirror.overview, sought, now),
            write_copies(mirror.overview, sought, now),
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>zoneserver</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="stylesheet" href="/status.css"><script src="/status.js" defer></script>'
        '<noscript><meta http-equiv="refresh" content="30"></noscript></head>'
        f"<body><main>{body}</main></body></html>\n"
    ).encode()


def _head(mirror: Mirror, now: float) -> str:
    overview = mirror.overview
    blocked = sum(zone.blocked for zone in overview.zones.values())
    up = sum(bool(each["published"]) for each in mirror.workers)
    if not mirror.ready:
        state, words = "bad", "not answering yet"
    elif blocked or up < len(mirror.workers):
        state, words = "bad", f"{count(blocked, 'zone')} not served as written"
        if up < len(mirror.workers):
            words = f"{up} of {len(mirror.workers)} workers answer; {words}"
    else:
        state, words = "good", "every zone is served as its file says"
    return (
        f'<header><h1>zoneserver</h1><p class="state {state}">{words}</p>'
        f"<p>{count(len(overview.zones), 'zone')} · version {show(overview.version)} · "
        f"{show(overview.engine)} engine · {count(len(mirror.workers), 'worker')} · "
        f"up {age(now - overview.started)} · {_reload(mirror, now)}</p></header>"
    )


def _reload(mirror: Mirror, now: float) -> str:
    last = mirror.overview.reload
    if last is None:
        return "not read yet"
    if last.result == "failed":
        return f"the last reload failed {age(now - last.at)} ago: {show(last.error)}"
    return f"read {age(now - last.at)} ago"


def _charts(history: History) -> str:
    rates, latencies = history.rates, history.latencies
    queries = {
        "UDP": rates(lambda each: each.udp),
        "TCP and TLS": rates(lambda each: each.streams),
    }
    mail = {
        "MX": rates(lambda each: each.mx),
        "DMARC, DKIM, MTA-STS": rates(lambda each: each.policies),
        "TLSA": rates(lambda each: each.tlsa),
    }
    failed = {
        "no such name": rates(lambda each: each.unknown),
        "errors": rates(lambda each: each.errors),
        "dropped": rates(lambda each: each.drops),
    }
    times = {"half within": latencies(0.5), "99 % within": latencies(0.99)}
    charts = (
        draw("Queries", "per second", queries),
        draw("Asked about mail", "per second", mail),
        draw("Without success", "per second", failed),
        draw("Time to answer", "µs", times),
    )
    shown = "".join(charts)
    return f'<section class="charts" aria-label="The last ten minutes">{shown}</section>'


def _mending(mirror: Mirror) -> str:
    zones = mirror.overview.zones.values()
    worst = sorted(
        (
            (each["level"] != "error", zone.origin, each)
            for zone in zones
            for each in zone.findings
            if not each["waived"]
        ),
        key=lambda found: (found[0], found[1], found[2]["line"]),
    )
    if not worst:
        return "<section><h2>Findings</h2><p>None. Nothing wants mending.</p></section>"
    shown = "".join(_finding(each) for *_, each in worst[:MOST_FINDINGS])
    more = len(worst) - MOST_FINDINGS
    note = f"<p>and {more:,} more: <code>zoneserver check</code></p>" if more > 0 else ""
    return f'<section><h2>Findings</h2><ul class="findings">{shown}</ul>{note}</section>'


def _finding(found: Document) -> str:
    level = "error" if found["level"] == "error" else "warning"
    place = f"{found['file']}:{found['line']}:{found['column']}"
    fix = f"<br>Fix: {show(found['fix'])}" if found["fix"] else ""
    return (
        f'<li class="{level}"><b>{level} {show(found["code"])}</b> '
        f"<code>{show(place)}</code><br>{show(found['reason'])}{fix}</li>"
    )


def _table(mirror: Mirror, sought: str, page: int, now: float) -> str:
    zones = mirror.overview.zones.values()
    chosen = [zone for zone in zones if sought in zone.origin.lower()] if sought else zones
    start = (page - 1) * ZONES_PER_PAGE
    ordered = sorted(chosen, key=lambda zone: (not zone.blocked, zone.origin))
    rows = "".join(
        _row(mirror, zone, now) for zone in islice(ordered, start, start + ZONES_PER_PAGE)
    )
    heads = ("Zone", "Mail goes to", "Asked for its mail servers", "Serial", "Read", "State")
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    return (
        "<section><h2>Zones</h2>"
        f'<form><label>Find <input name="zone" value="{show(sought)}"></label></form>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"{_pages(len(ordered), sought, page)}</section>"
    )


def _pages(zones: int, sought: str, page: int) -> str:
    pages = max(1, -(-zones // ZONES_PER_PAGE))
    links = (
        f'<a href="?{escape(urlencode({"zone": sought, "page": number}))}">{word}</a>'
        for number, word in ((page - 1, "back"), (page + 1, "on"))
        if 1 <= number <= pages and number != page
    )
    return f"<p>{count(zones, 'zone')}, page {page} of {pages} {' '.join(links)}</p>"


def _row(mirror: Mirror, zone: ZoneState, now: float) -> str:
    asked, (state, words) = mirror.mail(zone), _condition(zone)
    nobody = "nobody: the zone is not served" if zone.refused else "-"
    route = show(zone.route) if zone.route else nobody
    serial, read = ("-", "-") if zone.refused else (str(zone.serial), age(now - zone.loaded))
    cells = (
        f"<td>{route}</td><td>{'<br>'.join(_told(asked)) or 'never'}</td>"
        f"<td>{serial}</td><td>{read}</td>"
        f'<td class="{state}">{words}</td>'
    )
    return f'<tr><th scope="row">{show(zone.origin)}</th>{cells}</tr>'


def _condition(zone: ZoneState) -> tuple[str, str]:
    """How well a zone is served, and in words."""
    is_ours = zone.kind == Kind.PRIMARY
    if zone.refused and not is_ours:
        return "bad", f"{zone.kind}, refused: there is no copy that may be served"
    if zone.refused:
        return "bad", "refused: its file has an error, and no good version is known"
    if zone.stale:
        return "bad", "an older version is served: the file has an error"
    return "good", "as written" if is_ours else zone.kind


def _told(asked: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for told, words in TOLD.items():
        if count := asked.get(("mx", told), 0):
            yield f"{say(count)} {words}"
