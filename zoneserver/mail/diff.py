"""What senders and resolvers will see change when new zones take the place of old ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from zoneserver.mail.resolve import resolve
from zoneserver.mail.route import Fate, Manner, Route, Router
from zoneserver.mail.rrsets import RecordChange, compare_rrsets
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.validator.hostnames import find_fault
from zoneserver.validator.ranges import IPAddress, to_address
from zoneserver.validator.world import Target, Verdict, World
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet
