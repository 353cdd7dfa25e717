"""What every test shares: an assertion in a helper shows both of its sides."""

import pytest

pytest.register_assert_rewrite("tests.zones_text")
