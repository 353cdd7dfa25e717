from zoneserver.cli import main

main()
