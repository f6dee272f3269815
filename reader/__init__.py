"""Moves frames and blocks to and from a card. Side effects live here; what bytes mean is `cardimage`'s.

port.py         the two ports and their outcomes, as values
felica.py       FeliCa commands and the authenticated Lite-S session over a frame port
nfcpy_port.py   a frame port over real readers through nfcpy (no other file of the product imports it)
image_port.py   card images laid on a reader without radio
keys.py         where card keys come from
"""
