"""What a ride costs, and why. Pure: no clock, no disk, no randomness; the standard library only.

The one door is `tariff.settle.settle`. Rule numbers (`PASS-3`) are those of docs/rulebook.md.
"""
