"""From master files, which every peer reads, to our YAML zone files."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.zone

FOLDER = Path(__file__).parent / "zones"

Value = dict[str, Any] | str


def master_files() -> dict[str, Path]:
    """Every master file of the suite, by origin."""
    return {f"{path.stem}.": path for path in sorted(FOLDER.glob("*.zone"))}


def read(origin: str, path: Path) -> dns.zone.Zone:
    """The zone in a master file, with absolute names."""
    return dns.zone.from_file(str(path), origin=origin, relativize=False)


def write_yaml(zone: dns.zone.Zone, folder: Path) -> Path:
    """Write `zone` as a YAML zone file into `folder`, and return its path.

    Keys and texts are JSON strings, which are quoted YAML strings: no owner or text
    can be taken for anything else.
    """
    assert zone.origin is not None
    path = folder / f"{zone.origin.to_text(omit_final_dot=True)}.yaml"
    owners: dict[str, list[Value]] = {}
    for owner, rdataset in zone.iterate_rdatasets():
        owners.setdefault(_key(owner, zone.origin), []).append(_record(rdataset))
    lines = (f"{json.dumps(key)}: {json.dumps(records)}" for key, records in owners.items())
    path.write_text("---\n" + "\n".join(lines) + "\n")
    return path


def _key(owner: dns.name.Name, origin: dns.name.Name) -> str:
    return "" if owner == origin else owner.relativize(origin).to_text()


def _record(rdataset: dns.rdataset.Rdataset) -> Value:
    rtype = dns.rdatatype.to_text(rdataset.rdtype)
    value = _VALUES.get(rtype, _presentation)
    values = [value(rdata) for rdata in rdataset]
    record: dict[str, Any] = {"type": rtype, "ttl": rdataset.ttl}
    if len(values) == 1:
        record["value"] = values[0]
    else:
        record["values"] = values
    return record


def _presentation(rdata: dns.rdata.Rdata) -> Value:
    return rdata.to_text()


def _txt(rdata: Any) -> Value:
    return b"".join(rdata.strings).decode("ascii")


def _soa(rdata: Any) -> Value:
    return {
        "mname": rdata.mname.to_text(),
        "rname": rdata.rname.to_text(),
        "serial": rdata.serial,
        "refresh": rdata.refresh,
        "retry": rdata.retry,
        "expire": rdata.expire,
        "minimum": rdata.minimum,
    }


def _mx(rdata: Any) -> Value:
    return {"preference": rdata.preference, "exchange": rdata.exchange.to_text()}


def _srv(rdata: Any) -> Value:
    return {
        "priority": rdata.priority,
        "weight": rdata.weight,
        "port": rdata.port,
        "target": rdata.target.to_text(),
    }


def _caa(rdata: Any) -> Value:
    return {
        "flags": rdata.flags,
        "tag": rdata.tag.decode("ascii"),
        "value": rdata.value.decode("ascii"),
    }


def _ds(rdata: Any) -> Value:
    return {
        "key_tag": rdata.key_tag,
        "algorithm": int(rdata.algorithm),
        "digest_type": int(rdata.digest_type),
        "digest": rdata.digest.hex(),
    }


def _tlsa(rdata: Any) -> Value:
    return {
        "certificate_usage": rdata.usage,
        "selector": rdata.selector,
        "matching_type": rdata.mtype,
        "certificate_association_data": rdata.cert.hex(),
    }


def _sshfp(rdata: Any) -> Value:
    return {
        "algorithm": rdata.algorithm,
        "fingerprint_type": rdata.fp_type,
        "fingerprint": rdata.fingerprint.hex(),
    }


def _naptr(rdata: Any) -> Value:
    return {
        "order": rdata.order,
        "preference": rdata.preference,
        "flags": rdata.flags.decode("ascii"),
        "service": rdata.service.decode("ascii"),
        "regexp": rdata.regexp.decode("ascii"),
        "replacement": rdata.replacement.to_text(),
    }


def _loc(rdata: Any) -> Value:
    lat_degrees, lat_minutes, lat_seconds, lat_millis, lat_sign = rdata.latitude
    long_degrees, long_minutes, long_seconds, long_millis, long_sign = rdata.longitude
    centimetres = 100.0
    return {
        "lat_degrees": lat_degrees,
        "lat_minutes": lat_minutes,
        "lat_seconds": lat_seconds + lat_millis / 1000,
        "lat_direction": "N" if lat_sign > 0 else "S",
        "long_degrees": long_degrees,
        "long_minutes": long_minutes,
        "long_seconds": long_seconds + long_millis / 1000,
        "long_direction": "E" if long_sign > 0 else "W",
        "altitude": rdata.altitude / centimetres,
        "size": rdata.size / centimetres,
        "precision_horz": rdata.horizontal_precision / centimetres,
        "precision_vert": rdata.vertical_precision / centimetres,
    }


def _uri(rdata: Any) -> Value:
    return {
        "priority": rdata.priority,
        "weight": rdata.weight,
        "target": rdata.target.decode("ascii"),
    }


def _svcb(rdata: Any) -> Value:
    return {
        "svcpriority": rdata.priority,
        "targetname": rdata.target.to_text(),
        "svcparams": dict(_parameters(rdata)),
    }


def _parameters(rdata: Any) -> Iterator[tuple[str, Any]]:
    """The SvcParams as octoDNS writes them: lists, numbers, and null for a flag."""
    lists = {"alpn", "mandatory", "ipv4hint", "ipv6hint"}
    for word in rdata.to_text().split(" ")[2:]:
        key, _, text = word.partition("=")
        text = text.strip('"')
        if key in lists:
            yield key, text.split(",")
        elif key == "port":
            yield key, int(text)
        else:
            yield key, text or None


_VALUES: dict[str, Callable[[Any], Value]] = {
    "CAA": _caa,
    "DS": _ds,
    "HTTPS": _svcb,
    "LOC": _loc,
    "MX": _mx,
    "NAPTR": _naptr,
    "SOA": _soa,
    "SRV": _srv,
    "SSHFP": _sshfp,
    "SVCB": _svcb,
    "TLSA": _tlsa,
    "TXT": _txt,
    "URI": _uri,
}
