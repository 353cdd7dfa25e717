"""What every test shares: helpers that show both sides, and properties that repeat."""

import hypothesis
import pytest

pytest.register_assert_rewrite("tests.zones_text")

# The same examples in every run: a failure is there to be looked at, not to be met by luck.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")
