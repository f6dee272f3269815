"""Suica-family and other transit cards, read without keys: bytes -> values. Nothing here writes such a card.

codes.py    terminals, processes, entry and exit: their names, as far as they are known
fields.py   days, times and places within a block
rows.py     one history row (service 090F)
gates.py    one gate record (service 108F)
balance.py  what is on the card, from the history and from service 008B beside it
history.py  rows in their order with their amounts; several recordings of one card as one history
brand.py    which card this looks like, and why

Source: the layout as published readers of such cards describe it, held against recorded cards (tests marked `data`).
What no source describes is kept as bytes, all of service 10CB among it.
"""
