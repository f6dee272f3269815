"""A card's bytes <-> values. Pure: bytes in, values out; what moves them to and from a card is `reader`.

image.py          a card as recorded: systems, services, blocks; its CBOR file
formats/          recorded cards in the files of other programs
felica_card.py    a Lite-S card's own side of the air: process(frame) -> frame
standard_card.py  the same for a recorded FeliCa Standard card, which takes no writes
lite_s.py         FeliCa Lite-S: memory map, session key, MAC_A
protection.py     its memory configuration: what may still be changed
layout/           the layout of our cards: Account <-> blocks
transit/          what a Suica-family card shows: brand, balance, history
resolve.py        which of the two slots stands; what became of a write whose answer was lost
write_plan.py     what a tap or a directive writes, in which order
directives.py     what a directive makes of a card
issue.py          a card as it is handed out
shadow.py         a simulated stand-in for a recorded foreign card
"""
