"""The terminal's append-only journal: what a tap is about to do, and how it went."""
