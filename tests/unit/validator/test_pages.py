"""Every rule has a page, and what the page shows is true."""

import pytest

from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import LEVELS, Finding, Level
from zoneserver.service.checking.pages import read_pages
from zoneserver.validator.judge import OPTIONAL

CODES = sorted(CATALOGUE)
MOST_SENTENCES = 5


def worse_than_hints(findings: tuple[Finding, ...]) -> set[str]:
    """The codes of all findings that count."""
    return {each.code for each in findings if each.level > Level.HINT and not each.waived}


def test_every_rule_has_a_page() -> None:
    """And no page is about a rule that there is not."""
    assert read_pages().keys() == CATALOGUE.keys()


@pytest.mark.parametrize("code", CODES)
def test_bad_zone_breaks_the_rule(code: str) -> None:
    """At the level of the catalogue; an error keeps it from being served."""
    page, level = read_pages()[code], LEVELS[CATALOGUE[code].level]
    found = [each for each in page.judge(page.bad) if each.code == code]

    assert level in {each.level for each in found}
    assert any(each.blocks for each in found) is (level is Level.ERROR)


@pytest.mark.parametrize("code", CODES)
def test_bad_zone_shows_one_mistake(code: str) -> None:
    """Nothing else in it is worse than a hint."""
    page = read_pages()[code]

    assert worse_than_hints(page.judge(page.bad)) <= {code}


@pytest.mark.parametrize("code", CODES)
def test_good_zone_keeps_the_rule(code: str) -> None:
    """And every other, as far as they are more than hints."""
    page = read_pages()[code]
    found = page.judge(page.good)

    assert code not in {each.code for each in found}
    assert worse_than_hints(found) == set()


@pytest.mark.parametrize("code", CODES)
def test_page_says_why(code: str) -> None:
    """In two to five sentences, in lines without an end of their own."""
    why = read_pages()[code].why
    sentences = why.count(". ") + 1

    assert 2 <= sentences <= MOST_SENTENCES, why
    assert why.endswith(".")
    assert "\n" not in why


def test_rules_that_are_off_have_a_check_of_their_own() -> None:
    """What runs only when asked for is what the catalogue says is off."""
    assert OPTIONAL.keys() == {code for code, rule in CATALOGUE.items() if not rule.default}
