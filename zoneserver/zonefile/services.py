"""LOC, SVCB and HTTPS: mappings in octoDNS, read by dnspython as presentation format."""

import re

from zoneserver.errors import RdataError
from zoneserver.records import rtypes
from zoneserver.records.fields import Token
from zoneserver.records.parse import parse_rdata
from zoneserver.records.rdata import Rdata
from zoneserver.zonefile.nodes import Mapping, Node, NodeError, Sequence, mapping, scalar, show
from zoneserver.zonefile.report import did_you_mean
from zoneserver.zonefile.scalars import read_integer, yaml11_note
from zoneserver.zonefile.targets import Targets
from zoneserver.zonefile.texts import MAX_OCTETS

DEGREES = {"lat_degrees": 90, "lat_minutes": 59, "long_degrees": 180, "long_minutes": 59}
_SECONDS = ("lat_seconds", "long_seconds")
DIRECTIONS = {"lat_direction": ("N", "S"), "long_direction": ("E", "W")}
_METRES = ("altitude", "size", "precision_horz", "precision_vert")
# In the order of presentation format (RFC 1876 3).
LOC_KEYS = (
    *("lat_degrees", "lat_minutes", "lat_seconds", "lat_direction"),
    *("long_degrees", "long_minutes", "long_seconds", "long_direction"),
    *_METRES,
)

DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,6})?")
PARAMETERS = ("mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint")
PARAMETER_KEY = re.compile(r"[a-z0-9-]{1,63}")  # RFC 9460 2.1


def read_location(fields: dict[str, Node], node: Mapping) -> Rdata:
    """A LOC, all of whose keys are there. Raises NodeError."""
    words = [_location_word(key, fields[key]) for key in LOC_KEYS]
    return _parse(rtypes.LOC, " ".join(words), node)


def _location_word(key: str, node: Node) -> str:
    """One word of a LOC in presentation format. Raises NodeError."""
    if key in DEGREES:
        return str(read_integer(node, key, DEGREES[key]))
    text = scalar(node, key, "SY003", f"{key}: 10")
    if key in DIRECTIONS:
        word = text.text.upper()
        if word not in DIRECTIONS[key]:
            choice = " or ".join(DIRECTIONS[key])
            raise NodeError("SY003", text, f"{key} is {show(text.text)}", f"write {choice}")
        return word
    if not DECIMAL.fullmatch(text.text):
        raise NodeError(
            "SY003",
            text,
            f"{key} {show(text.text)} is no decimal number{yaml11_note(text)}",
            "write a number such as 52.1",
        )
    return text.text if key in _SECONDS else f"{text.text}m"


def read_service(rtype: int, fields: dict[str, Node], node: Mapping, targets: Targets) -> Rdata:
    """An SVCB or HTTPS. Raises NodeError."""
    priority = read_integer(fields["svcpriority"], "svcpriority", 65535)
    target = targets.read(fields["targetname"], rtype, "targetname")
    words = [str(priority), str(target)]
    parameters = fields.get("svcparams")
    if parameters is not None:
        example = "svcparams: {alpn: [h2, h3]}"
        pairs = mapping(parameters, "svcparams", example).pairs
        words += [_parameter(key.text, key, value) for key, value in pairs]
    return _parse(rtype, " ".join(words), node)


def _parameter(key: str, place: Node, value: Node) -> str:
    """One parameter in presentation format. Raises NodeError."""
    if not PARAMETER_KEY.fullmatch(key):
        fix = did_you_mean(key, PARAMETERS) or f"write one of {', '.join(PARAMETERS)}, key65280"
        raise NodeError("SY003", place, f"{show(key)} is no SVCB parameter", fix)
    if key == "port":
        return f'{key}="{read_integer(value, key, 65535)}"'
    if type(value) is Sequence:
        texts = [scalar(each, key, "SY003", f"{key}: [h2, h3]").text for each in value.items]
        joined = ",".join(text.replace("\\", "\\\\").replace(",", "\\,") for text in texts)
    else:
        text = scalar(value, key, "SY003", f"{key}: [h2, h3]")
        if text.is_null or not text.text:
            return key
        joined = text.text
    if len(joined) > MAX_OCTETS:
        raise NodeError("SY010", value, f"{key} has {len(joined)} characters", "shorten it")
    return f'{key}="{_quoted(joined)}"'


def _quoted(text: str) -> str:
    """A text as it stands between double quotes (RFC 9460 2.1, RFC 1035 5.1)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _parse(rtype: int, text: str, node: Mapping) -> Rdata:
    try:
        return parse_rdata(rtype, [Token(text)], None)
    except RdataError as error:
        reason = " ".join(str(error).split())
        type_ = rtypes.mnemonic(rtype)
        raise NodeError(
            error.code,
            node,
            f"the {type_} cannot be read: {reason}",
            error.fix or "correct the value",
        ) from error
