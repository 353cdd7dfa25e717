"""How much is measured: the sizes and times of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Rounds, seconds for each server in each round, and how large everything is.

    `servers` are the labels of those that are measured; all that are found, if empty.
    """

    servers: tuple[str, ...] = ()
    rounds: int = 5
    seconds: int = 3
    small: int = 2_000
    large: int = 300_000
    # The zone that takes long to load: names with three records each.
    loads: int = 3
    load_names: int = 333_000
    # The zone that is transferred.
    transfer_names: int = 100_000
    # The zone that is signed.
    sign_names: int = 30_000
    # The folder of many zones, each of ten records.
    zones: int = 100_000
    edits: int = 10
    # The zone that is read again and again.
    reloads: int = 500
    reload_names: int = 10_000


FULL = Settings()
# Enough to see that everything runs; the figures say little.
QUICK = Settings(
    rounds=3,
    seconds=1,
    large=20_000,
    loads=1,
    load_names=10_000,
    transfer_names=10_000,
    sign_names=2_000,
    zones=200,
    edits=3,
    reloads=10,
    reload_names=1_000,
)
