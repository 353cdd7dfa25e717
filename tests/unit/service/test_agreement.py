"""What `check` says of a zone is what the server does with it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.figures import Figures
from zoneserver.cli import main
from zoneserver.service.checking.pages import DEFAULTS, NOTHING, read_pages
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.keeper import Keeper
from zoneserver.service.keeping.serials import Serials
from zoneserver.service.keeping.store import Store

PAGES = [page for page in read_pages().values() if not page.master]
# The defaults that pages are judged with.
CONFIGURATION = """\
defaults:
  ns: [ns1.example.net., ns2.example.org.]
  soa: {rname: hostmaster@example.net}
"""


@pytest.mark.parametrize("kind", ["bad", "good"])
def test_check_and_server_agree(tmp_path: Path, kind: str, figures: Figures) -> None:
    """Acceptance 77: on every zone of the pages of the rules, bad and good."""
    refusals = 0
    for page in PAGES:
        folder = tmp_path / page.code
        folder.mkdir()
        for file, text in page.files(getattr(page, kind)).items():
            (folder / file).write_text(text)
        config = tmp_path / "zoneserver.yaml"
        config.write_text(CONFIGURATION if page.defaults else "")
        words = ["check", "--config", str(config), str(folder)]
        checked = CliRunner().invoke(main, words)
        defaults = DEFAULTS if page.defaults else NOTHING
        state = tmp_path / f"{page.code}-state"  # with the keys of zones that are to be signed
        keeper = Keeper(Store(state, folder), Serials(None))
        keeper.renew(Settings(zones=folder, state=state, defaults=defaults))
        refusals += bool(keeper.refused)

        assert bool(keeper.refused) is bool(checked.exit_code), (page.code, checked.output)
    assert (refusals == 0) is (kind == "good")
    figures.add(f"77 check and server, {len(PAGES)} {kind} zones", f"agree; {refusals} refused")
