"""A card's bytes <-> values. Pure: bytes in, values out; what moves them to and from a card is `reader`.

image.py        a card as recorded: systems, services, blocks; its CBOR file
felica_card.py  the card's own side of the air: process(frame) -> frame
lite_s.py       FeliCa Lite-S: memory map, session key, MAC_A
layout/         the layout of our card: Account <-> blocks
resolve.py      which of the two slots stands; what became of a write whose answer was lost
write_plan.py   what a tap or a directive writes, in which order
issue.py        a card as it is handed out
shadow.py       a simulated stand-in for a recorded foreign card
"""
