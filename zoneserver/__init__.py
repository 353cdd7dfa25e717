"""An authoritative DNS nameserver that will not serve a zone that would lose mail."""

__version__ = "0.1.0"
