"""SPF records (RFC 7208) from text to values: version, mechanisms, modifiers, macros.

Only the grammar of sections 4.6.1, 5, 6, 7.1 and 12 stands here; nothing is looked up. A
record that breaks it in one term is still read to its end, so that every fault is told.
"""

import difflib
import ipaddress
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from zoneserver.errors import NameSyntaxError
from zoneserver.names import Name
from zoneserver.validator.policy.spf_macros import (
    asks_for_pointers,
    find_domain_fault,
    find_macro_fault,
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
MODIFIERS = ("redirect", "exp")
_LOOKED_UP = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})

_NICKNAMES = {"ip": "ip4", "ipv4": "ip4", "ipv6": "ip6", "inc": "include"}
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)")
_MECHANISM = re.compile(r"([-+?~]?)([A-Za-z][A-Za-z0-9_.-]*)((?:[:/].*)?)")
# RFC 7208 5.6 and 12: a domain, an IPv4 prefix length, an IPv6 prefix length.
_TARGET = re.compile(r"(?::(?P<domain>.*?))?(?:/(?P<four>[0-9]*))?(?://(?P<six>[0-9]*))?")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One directive. `domain` is a macro string, empty where the term names none."""

    text: str
    qualifier: str
    name: str
    domain: str = ""
    network: Network | None = None
    prefixes: tuple[int, int] = (32, 128)

    @property
    def is_own(self) -> bool:
        """Whether the term asks about the name that the record stands at."""
        return not self.domain and self.name in ("a", "mx", "ptr")

    @property
    def is_absolute(self) -> bool:
        """Whether the term means the same in every record."""
        return not self.is_own and "%" not in self.domain


@dataclass(frozen=True, slots=True)
class Modifier:
    """A `name=value`; one that RFC 7208 does not know has no effect."""

    text: str
    name: str
    value: str

    @property
    def is_absolute(self) -> bool:
        """Whether the term means the same in every record."""
        return "%" not in self.value


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a term; a `fatal` fault makes receivers give up (permerror)."""

    term: str
    reason: str
    fix: str
    fatal: bool = True


Term = Mechanism | Modifier


@dataclass(frozen=True)
class Spf:
    """A record: the terms that could be read, in order, and the faults of the others."""

    terms: tuple[Term, ...]
    faults: tuple[Fault, ...]

    @cached_property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """The directives, those behind `all` included."""
        return tuple(term for term in self.terms if isinstance(term, Mechanism))

    @cached_property
    def all(self) -> Mechanism | None:
        """The `all` that ends the evaluation, if there is one."""
        return next((term for term in self.mechanisms if term.name == "all"), None)

    @cached_property
    def redirect(self) -> Modifier | None:
        """The `redirect`, which counts only without an `all` (RFC 7208 6.1)."""
        modifiers = (term for term in self.terms if isinstance(term, Modifier))
        return next((term for term in modifiers if term.name == "redirect"), None)

    @cached_property
    def evaluated(self) -> tuple[Term, ...]:
        """What receivers look at: mechanisms up to `all`, or all of them and `redirect`."""
        directives = self.mechanisms
        if self.all is not None:
            return directives[: directives.index(self.all) + 1]  # RFC 7208 5.1
        return (*directives, self.redirect) if self.redirect else directives

    @cached_property
    def lookups(self) -> tuple[Term, ...]:
        """The terms that cost the receiver a look-up (RFC 7208 4.6.4); `exp` does not count."""
        return tuple(term for term in self.evaluated if term.name in _LOOKED_UP)

    @cached_property
    def followed(self) -> tuple[Term, ...]:
        """The terms that go on with another record."""
        return tuple(term for term in self.lookups if term.name in ("include", "redirect"))

    @cached_property
    def pointers(self) -> tuple[Mechanism, ...]:
        """The terms that need the sender's PTR (RFC 7208 5.5, 7.2)."""
        return tuple(
            term
            for term in self.mechanisms
            if term.name == "ptr" or asks_for_pointers(term.domain)
        )

    @cached_property
    def is_absolute(self) -> bool:
        """Whether the record means the same at whatever name it stands."""
        return all(term.is_absolute for term in self.terms)


@lru_cache(maxsize=1024)  # a hosting provider's zones say the same thousands of times
def parse_spf(text: str) -> Spf:
    """Read a text that opens with `v=spf1`."""
    terms: list[Term] = []
    faults: list[Fault] = []
    for word in text[len("v=spf1") :].split(" "):
        if word:
            read = _parse_term(word)
            (faults if isinstance(read, Fault) else terms).append(read)  # type: ignore[arg-type]
    for name in MODIFIERS:
        repeated = [term for term in terms if isinstance(term, Modifier) and term.name == name]
        if len(repeated) > 1:  # RFC 7208 6
            faults.append(Fault(repeated[1].text, f"{name} stands twice", f"keep one {name}="))
    faults += (fault for term in terms if (fault := _doubt(term)))
    return Spf(tuple(terms), tuple(faults))


def _parse_term(word: str) -> Term | Fault:
    if not word.isascii():  # RFC 7208 3.1
        return Fault(word, "it has a character that is not ASCII", "type it anew, in ASCII")
    if modifier := _MODIFIER.fullmatch(word):
        return _parse_modifier(word, modifier[1].lower(), modifier[2])
    directive = _MECHANISM.fullmatch(word)
    name = directive[2].lower() if directive else ""
    if directive is None or name not in MECHANISMS:
        return _unknown(word, name)
    rest = directive[3]
    qualifier = directive[1] or "+"
    if name in ("ip4", "ip6"):
        return _parse_network(word, qualifier, name, rest)
    if name == "all":
        return (
            Fault(word, "nothing may follow all", "write -all")
            if rest
            else Mechanism(word, qualifier, name)
        )
    return _parse_target(word, qualifier, name, rest)


def _parse_modifier(word: str, name: str, value: str) -> Modifier | Fault:
    if name in MODIFIERS:
        if reason := find_domain_fault(value):
            return Fault(word, reason, f"write {name}= and a domain name")
    elif reason := find_macro_fault(value):
        return Fault(word, reason, "write %% for a percent sign")
    return Modifier(word, name, value)


def _parse_target(word: str, qualifier: str, name: str, rest: str) -> Mechanism | Fault:
    """include, a, mx, ptr and exists (RFC 7208 5.2-5.5, 5.7)."""
    target = _TARGET.fullmatch(rest)
    sized = target is not None and (target["four"] is not None or target["six"] is not None)
    if target is None or (sized and name not in ("a", "mx")):
        reason = "the prefix length is not of the form /24 or /24//64" if "/" in rest else ""
        if sized:
            reason = f"{name} takes no prefix length"
        return Fault(word, reason or "it cannot be read", f"write {name}:example.org")
    domain = target["domain"]
    if domain is None and name in ("include", "exists"):
        return Fault(word, f"{name} needs a domain", f"write {name}:example.org")
    if domain is not None and (reason := find_domain_fault(domain)):
        return Fault(word, reason, _domain_fix(name, domain))
    lengths = []
    for digits, most in ((target["four"], 32), (target["six"], 128)):
        if digits is not None and not (_LENGTH.fullmatch(digits) and int(digits) <= most):
            return Fault(word, f"/{digits} is no prefix length from 0 to {most}", "correct it")
        lengths.append(most if digits is None else int(digits))
    return Mechanism(word, qualifier, name, domain or "", prefixes=(lengths[0], lengths[1]))


def _parse_network(word: str, qualifier: str, name: str, rest: str) -> Mechanism | Fault:
    """ip4 and ip6 (RFC 7208 5.6)."""
    address, slash, length = rest.removeprefix(":").partition("/")
    form = "ip4:192.0.2.0/24" if name == "ip4" else "ip6:2001:db8::/32"
    if not rest.startswith(":") or not address:
        return Fault(word, f"{name} needs an address", f"write {form}")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return Fault(
            word, f"{address} is no IP address", f"write {form}, or a:{address} for a host"
        )
    if f"ip{parsed.version}" != name or "%" in address:
        return Fault(
            word,
            f"{address} is an IPv{parsed.version} address",
            f"write ip{parsed.version}:{address}",
        )
    if slash and not (_LENGTH.fullmatch(length) and int(length) <= parsed.max_prefixlen):
        reason = f"/{length} is no prefix length from 0 to {parsed.max_prefixlen}"
        return Fault(word, reason, f"write {form}")
    network = ipaddress.ip_network(f"{address}{slash}{length}", strict=False)
    return Mechanism(word, qualifier, name, network=network)


def _unknown(word: str, name: str) -> Fault:
    bare = name or word.lstrip("-+?~").split(":")[0]
    guess = "redirect" if bare == "redirect" else _NICKNAMES.get(bare)
    if not guess and (close := difflib.get_close_matches(bare, MECHANISMS, 1, 0.7)):
        guess = close[0]
    if bare in MODIFIERS:
        return Fault(
            word, f"{bare} is written with =, not with a colon", f"write {bare}=example.org"
        )
    fix = f"did you mean {guess}?" if guess else f"SPF knows {', '.join(MECHANISMS)}"
    return Fault(word, "it is no mechanism of SPF", fix)


def _domain_fix(name: str, domain: str) -> str:
    try:
        version = ipaddress.ip_address(domain).version
    except ValueError:
        return f"write {name}: and a full domain name, such as {name}:example.org"
    return f"write ip{version}:{domain}"


def _doubt(term: Term) -> Fault | None:
    """What is allowed by the grammar, and certainly not what was meant."""
    if isinstance(term, Modifier):
        if term.name in MECHANISMS:
            reason = f"{term.name} is written with a colon; with = it is ignored"
            return Fault(term.text, reason, f"write {term.name}:{term.value}", fatal=False)
        if term.name == "v":
            reason = "the version stands a second time and is ignored"
            return Fault(term.text, reason, "delete it", fatal=False)
        close = difflib.get_close_matches(term.name, MODIFIERS, 1, 0.8)
        if close and term.name not in MODIFIERS:
            fix = f"did you mean {close[0]}=?"
            return Fault(
                term.text, "no modifier has this name; it is ignored", fix, fatal=False
            )
        return None
    if term.domain and "%" not in term.domain and read_domain(term.domain) is None:
        reason = f"{term.domain} is no domain name (RFC 1035 2.3.4)"
        return Fault(term.text, reason, "correct the name", fatal=False)
    return None


def read_domain(domain: str) -> Name | None:
    """The name that a domain without macros stands for; None for one that is none."""
    try:
        return Name.parse(domain.rstrip(".") + ".")
    except NameSyntaxError:
        return None
