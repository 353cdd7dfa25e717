"""What was logged in a test's own process, as people would read it."""

import pytest

from zoneserver.service.logs.log import make_event
from zoneserver.service.logs.log_format import Form, format_event


def read_log(caplog: pytest.LogCaptureFixture) -> str:
    """The lines since the last time."""
    events = [make_event(record, "main") for record in caplog.records]
    caplog.clear()
    return "".join(format_event(event, Form.TEXT, colour=False) for event in events)
