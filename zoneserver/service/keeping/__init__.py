"""The builder: versions of zones that are read, judged, compiled and kept."""
