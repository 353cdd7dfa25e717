"""What a running server says, for people."""

from collections.abc import Iterator
from datetime import UTC, datetime

from zoneserver.service.checking.report import count
from zoneserver.service.control.control_socket import Document
from zoneserver.zonefile.source import Kind

MOST_FINDINGS = 3  # of a zone, in a list


def format_status(status: Document) -> str:
    """How a server is."""
    return "\n".join(_status(status))


def format_zones(answer: Document) -> str:
    """A line for each zone, and what is wrong with it below."""
    lines = [line for zone in answer["zones"] for line in _zone(zone)]
    lines += [f"{name} is not here" for name in answer["unknown"]]
    return "\n".join(lines)


def format_stats(stats: Document) -> str:
    """A line for each counter."""
    width = max(map(len, stats), default=0)
    return "\n".join(f"{name:<{width}}  {_number(stats[name])}" for name in sorted(stats))


def format_seconds(seconds: float) -> str:
    """A time in the two units that matter: `3 d 4 h`."""
    rest, parts = int(seconds), []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if rest >= size:
            parts.append(f"{rest // size} {unit}")
            rest %= size
    return " ".join(parts[:2]) or "0 s"


def _status(status: Document) -> Iterator[str]:
    up = format_seconds(status["uptime"])
    yield f"zoneserver {status['version']}, {status['engine']} engine, up {up}"
    yield f"process     {status['pid']}, user {status['user']}, CapEff {status['capabilities']}"
    yield f"listening   {', '.join(status['listening']) or 'not yet'}"
    yield f"workers     {', '.join(map(_worker, status['workers'])) or 'none yet'}"
    zones = status["zones"]
    stale, refused = zones["stale"], zones["refused"]
    yield f"zones       {zones['served']} served, {stale} of them stale; {refused} refused"
    yield from _transfers(status["transfers"])
    yield f"edits       {'are noticed' if status['watch'] else 'wait for a reload'}"
    yield f"last reload {_reload(status['reload'])}"
    counters = {name: number for name, number in status["counters"].items() if number}
    shown = [f"{name} {_number(counters[name])}" for name in sorted(counters)]
    yield f"counted     {', '.join(shown) or 'nothing yet'}"
    for zone in status["waiting"]:
        yield from _zone(zone)


def _worker(worker: Document) -> str:
    pid = str(worker["pid"]) if worker["answers"] else f"{worker['pid']} (starting)"
    more = worker["starts"] - 1
    return f"{pid} (replaced {count(more, 'time')})" if more > 0 else pid


def _reload(reload: Document | None) -> str:
    if reload is None:
        return "none yet"
    took = f"{format_time(reload['at'])}, {reload['seconds']:.2f} s"
    if reload["result"] == "failed":
        return f"{took}: failed: {reload['error']}"
    kept = "some zones wait for a mistake to be mended" if reload["result"] == "kept" else "ok"
    return f"{took}, {count(reload['changed'], 'zone')} changed: {kept}"


def _zone(zone: Document) -> Iterator[str]:
    kind = "" if zone["kind"] == Kind.PRIMARY else f" {zone['kind']}"
    if zone["refused"]:
        yield f"{zone['origin']}{kind} REFUSED: answered SERVFAIL"
    else:
        stale = f"{kind} STALE" if zone["stale"] else kind
        size = f"{count(zone['records'], 'record')}, loaded {format_time(zone['loaded'])}"
        mail = f", mail to {zone['route']}" if zone["route"] else ""
        yield f"{zone['origin']}{stale} serial {zone['serial']}, {size}{mail}"
    yield from map(_secondary, zone["secondaries"])
    if zone["copy"]:
        yield f"  {_copy(zone['copy'])}"
    for finding in zone["findings"][:MOST_FINDINGS]:
        place = f"{finding['file']}:{finding['line']}:{finding['column']}"
        waived = " (waived)" if finding["waived"] else ""
        yield f"  {place}: {finding['level']} {finding['code']}{waived} {finding['reason']}"
    if len(zone["findings"]) > MOST_FINDINGS:
        yield f"  ... and {count(len(zone['findings']) - MOST_FINDINGS, 'further finding')}"


def _transfers(transfers: Document) -> Iterator[str]:
    """Lines about zones that go to other servers, or come from them."""
    if servers := transfers["secondaries"]:
        yield f"secondaries {servers - transfers['behind']} of {servers} have what is served"
    if transfers["copies"]:
        failing = transfers["failing"]
        refreshed = f", {failing} of them not refreshed" if failing else ""
        yield f"copies      {count(transfers['copies'], 'zone')} from elsewhere{refreshed}"


def _secondary(secondary: Document) -> str:
    server, serial = secondary["server"], secondary["serial"]
    has = "nobody knows what it has"
    if serial is not None:
        has = f"has serial {serial} since {format_time(secondary['since'])}"
    problem = f": {secondary['problem']}" if secondary["problem"] else ""
    return f"  {server}{' BEHIND' if secondary['behind'] else ''} {has}{problem}"


def _copy(copy: Document) -> str:
    if copy["serial"] is None:
        return f"not transferred yet: {copy['problem'] or 'it is being fetched'}"
    fetched, checked = format_time(copy["fetched"]), format_time(copy["checked"])
    problem = f"; {copy['problem']}" if copy["problem"] else ""
    return (
        f"from {copy['primary']}, fetched {fetched}, checked {checked}, "
        f"expires {format_time(copy['expires'])}{problem}"
    )


def format_time(seconds: float) -> str:
    """A time, in seconds since 1970, as people read it."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _number(value: float) -> str:
    return f"{value:,.0f}"
