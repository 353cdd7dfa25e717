"""What is told of the keys of a zone: what they do, what is waited for, what is to be done."""

from typing import Any

from zoneserver.dnssec.life import Life
from zoneserver.dnssec.policy import Role
from zoneserver.dnssec.rolls import Kind, Roll, Stage, Use
from zoneserver.names import Name
from zoneserver.records.algorithms import MNEMONICS

Document = dict[str, Any]

_SIGNS = {Role.CSK: "signs everything", Role.KSK: "signs the keys", Role.ZSK: "signs the zone"}
_KINDS = {
    Kind.FIRST: "the zone is signed for the first time",
    Kind.ZSK: "rollover of the ZSK",
    Kind.KSK: "rollover of the KSK",
    Kind.CSK: "rollover of the CSK",
    Kind.ALL: "rollover of all keys",
    Kind.LAST: "the zone is to be signed no longer",
}
_WAITS = {
    Stage.SIGNING: "caches may have records without the new signatures",
    Stage.PUBLISHING: "caches may have the keys without the new one",
    Stage.RETIRING: "caches may have signatures of the old key alone",
    Stage.SUBMITTING: "the parent has to have the new DS, and no old one",
    Stage.SPREADING: "caches may have the old DS alone",
    Stage.WITHDRAWING: "caches may have the old keys, which want signatures",
    Stage.RELEASED: "$dnssec has to be taken out of the zone",
}


def describe_life(life: Life, origin: Name) -> Document:
    """All of it but the secrets, in words and as plain values."""
    return {
        "zone": str(origin),
        "keys": [
            {
                "tag": key.tag,
                "algorithm": MNEMONICS[key.key.algorithm],
                "role": key.role.value,
                "made": key.made,
                "active": key.active,
                "published": use.duty.publishes,
                "signs": use.signs_zone or use.signs_keys,
                "submitted": use.duty.submits,
                "does": describe_use(use),
            }
            for key, use in zip(life.keys, life.uses, strict=True)
        ],
        "rollovers": [
            {
                "kind": roll.kind.value,
                "what": _KINDS[roll.kind],
                "old": list(roll.old),
                "new": list(roll.new),
                "stage": roll.stage.value,
                "since": roll.since,
                "until": roll.until or None,
                "waits": describe_wait(roll),
                "times": {stage.value: time for stage, time in roll.times},
            }
            for roll in life.rolls
        ],
        "todo": [_describe_todo(life, roll, origin) for roll in life.rolls if roll.is_endless],
    }


def describe_use(use: Use) -> str:
    """What a key does."""
    parts = ["published" if use.duty.publishes else "not published"]
    if use.duty.signs and use.signs_zone:
        signs = _SIGNS[use.role] if use.duty.publishes else "signs the zone"
        parts.append(signs)
    elif use.signs_keys:
        parts.append("signs the keys")
    if use.duty.submits:
        parts.append("the DS is of it")
    if use.duty.leaves:
        parts.append("wants no DS")
    return ", ".join(parts)


def describe_wait(roll: Roll) -> str:
    """What a rollover waits for."""
    if roll.kind is Kind.FIRST:
        is_early = roll.stage is Stage.SIGNING
        return (
            "caches may have the zone without signatures"
            if is_early
            else "the parent has to have the DS"
        )
    if roll.kind is Kind.LAST and roll.waits_for_parent:
        return "the parent has to have no DS of the zone"
    return _WAITS[roll.stage]


def _describe_todo(life: Life, roll: Roll, origin: Name) -> str:
    """What somebody has to do whose parent does not by itself."""
    if roll.stage is Stage.RELEASED:
        return f"take $dnssec out of the file of {origin}, which may be served unsigned now"
    confirm = f"then: zoneserver dnssec confirm {origin}, unless the server sees it"
    if roll.kind is Kind.LAST:
        return f"have your registrar remove the DS, unless the parent follows CDS; {confirm}"
    new = [key for key in life.find(roll.new) if key.role.is_entry]
    old = [str(key.tag) for key in life.find(roll.old) if key.role.is_entry]
    records = "; ".join(f"{origin} IN DS {key.key.ds(origin).text}" for key in new)
    instead = f" in place of that of key {', '.join(old)}" if old else ""
    what = f"give your registrar this DS{instead}, unless the parent follows CDS: {records}"
    return f"{what}; {confirm}"
