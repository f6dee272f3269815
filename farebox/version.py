"""The version of the software, as journals and --version have it, and since when it is."""

from datetime import date

VERSION = "0.1.0"
RELEASED = date(2026, 11, 1)
"""No clock that stands before this day is right (farebox.clock)."""
