"""Pages of docs/ that are made from the code are as the code makes them now."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_rules_page_is_up_to_date() -> None:
    """If not: python docs/make_rules.py."""
    made = runpy.run_path(str(DOCS / "make_rules.py"))["make"]()

    assert (DOCS / "rules.md").read_text("utf-8") == made
