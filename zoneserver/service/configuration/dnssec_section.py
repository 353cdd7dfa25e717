"""The keys of the configuration file about zones that are signed: `dnssec`."""

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from zoneserver.dnssec.policy import Policy
from zoneserver.records.algorithms import NUMBERS
from zoneserver.service.configuration.dnssec_settings import DnssecSettings
from zoneserver.service.configuration.section import Section
from zoneserver.service.configuration.values import Number, PeerAddresses, Truth
from zoneserver.transfer.settings import DNS_PORT
from zoneserver.transports.endpoint import Endpoint
from zoneserver.zonefile.dnssec_directive import POLICY_NAME, is_word
from zoneserver.zonefile.schema_values import any_case

_DEFAULTS = Policy()


def _algorithm(value: object) -> int:
    if not isinstance(value, str) or value.upper() not in NUMBERS:
        raise ValueError(f"write one of {', '.join(NUMBERS)}")
    return NUMBERS[value.upper()]


def _policy_name(text: str) -> str:
    if not re.fullmatch(POLICY_NAME, text) or is_word(text):
        raise ValueError(
            f"{text!r} is no name for a policy: letters, digits and hyphens, and no yes or no"
        )
    return text


_ALGORITHMS = {"type": "string", "pattern": f"^(?:{'|'.join(map(any_case, NUMBERS))})$"}
AlgorithmName = Annotated[int, PlainValidator(_algorithm), WithJsonSchema(_ALGORITHMS)]
PolicyName = Annotated[str, BeforeValidator(_policy_name)]


class PolicySection(Section):
    """`dnssec.policies.NAME`: one way of signing; times in seconds."""

    algorithm: AlgorithmName = Field(default=_DEFAULTS.algorithm)
    keys: Literal["csk", "split"] = "csk"
    nsec3: Truth = _DEFAULTS.nsec3
    opt_out: Truth = _DEFAULTS.opt_out
    zsk_lifetime: Number = _DEFAULTS.zsk_lifetime
    ksk_lifetime: Number = _DEFAULTS.ksk_lifetime
    key_ttl: Number = _DEFAULTS.key_ttl
    propagation: Number = _DEFAULTS.propagation
    ds_ttl: Number = _DEFAULTS.ds_ttl

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.opt_out and not self.nsec3:
            raise ValueError("opt_out is a way of nsec3, which is not asked for")
        if self.zsk_lifetime and self.keys == "csk":
            raise ValueError(
                "with keys: csk there is no ZSK: write ksk_lifetime, or keys: split"
            )
        shortest = self.key_ttl + self.propagation
        for key in ("zsk_lifetime", "ksk_lifetime"):
            lifetime = getattr(self, key)
            if 0 < lifetime <= shortest:
                raise ValueError(
                    f"{key} is {lifetime}, and the next key is shown for key_ttl and"
                    f" propagation before it is used: write more than {shortest}"
                )
        return self

    def policy(self) -> Policy:
        """What it means."""
        return Policy(
            algorithm=self.algorithm,
            is_split=self.keys == "split",
            nsec3=self.nsec3,
            opt_out=self.opt_out,
            zsk_lifetime=self.zsk_lifetime,
            ksk_lifetime=self.ksk_lifetime,
            key_ttl=self.key_ttl,
            propagation=self.propagation,
            ds_ttl=self.ds_ttl,
        )


class DnssecSection(Section):
    """`dnssec`: how zones are signed that say so, and who is asked for the DS at the parent."""

    resolver: PeerAddresses | None = None
    policies: dict[PolicyName, PolicySection] = Field(default_factory=dict)

    def settings(self) -> DnssecSettings:
        """What it means."""
        return DnssecSettings(
            tuple(
                Endpoint(address, DNS_PORT if port is None else port)
                for address, port in self.resolver or ()
            ),
            tuple((name, section.policy()) for name, section in self.policies.items()),
        )
