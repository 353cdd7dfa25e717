"""`python -m zoneserver` is `zoneserver`."""

from zoneserver.cli import main

main()
