"""Where what stands on the card. docs/card.md has the map."""

SLOT_BLOCKS = (0, 1)
NUMBER_BLOCK = 2
BANKS = ((3, 4), (5, 6))
HISTORY_BLOCKS = range(7, 14)
