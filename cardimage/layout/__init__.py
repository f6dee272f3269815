"""The layout of our bench card on FeliCa Lite-S: Account <-> blocks. docs/card.md has it bit by bit.

All that a tap changes *becomes valid* by one block: S_PAD0 and S_PAD1 are two slots, each with a sequence number and a
check; the older one is written, so a torn write always leaves one whole slot. What changes only by directive (the pass,
auto-charge, the card's kind) stands in one of two banks, S_PAD3-4 and S_PAD5-6; the slot's bank bit says which.

bits.py        fields of a block, its check
blocks.py      which block holds what
days.py        days as numbers, by layout
variants.py    what a slot holds besides the ride, scheme by scheme
slots.py       the two state slots
conditions.py  the two banks
history.py     the last rides
number.py      the engraved number
"""
