"""Moves frames and blocks to and from a card. Side effects live here; what bytes mean is `cardimage`'s.

port.py          what a driver is (FramePort), what the bus asks for (CardReader), and every outcome, as values
drivers.py       readers by name: built in, or brought by an installed package
nfcpy_port.py    a driver over real readers through nfcpy (no other file of the product imports it)
pcsc_port.py     a driver over PC/SC; transparent.py: how FeliCa frames travel there
serial_speed.py  finds a PN532 that was left at a higher speed
watchdog.py      a driver in a process of its own, given up when it hangs; process.py, worker.py, messages.py: its parts
felica.py        FeliCa commands, and the authenticated Lite-S session over a frame port
card.py          a card of ours through its session: read into an account, written by a plan
keys.py          where card keys come from, in versions
issuing.py       cards made ours, given back, and given a newer key
recording.py     a present card into a card image
trace.py         what passed between reader and card, into a file; and that file in a reader's place
image_port.py    card images laid on a reader without radio
"""
