"""What is settled before the server starts."""

import resource

import pytest

from zoneserver.service.running import binding as module


@pytest.mark.parametrize(
    ("soft", "hard", "connections"),
    [(64, 64, 32), (1024, 1024, 992), (1024, 4096, 1024), (65_536, 65_536, 1024), (8, 8, 1)],
)
def test_connections_that_the_limit_of_files_allows(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, connections: int
) -> None:
    """The soft limit is raised as far as may be; some descriptors are kept for ourselves."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)

    assert module.count_connections(1024) == connections
