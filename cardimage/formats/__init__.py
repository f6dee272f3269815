"""Recorded cards in the formats of other programs, told apart by their contents alone. Pure: bytes in, images out.

detect.py       the one door: read_collection(data, source)
flipper.py      Flipper .nfc, data formats 1 and 2; also writes them
farebot.py      FareBot JSON
metrodroid.py   Metrodroid JSON
card_xml.py     FareBot's XML and Metrodroid's old one
nfcpy_dump.py   what nfcpy prints of a tag
proxmark.py     Proxmark3 JSON
libpafe.py      what libpafe's felica_dump prints
recording.py    what they all fill, with its bounds; keys are dropped there
"""

from cardimage.formats.detect import MAX_FILE_BYTES, is_ours, read_cards, read_collection
from cardimage.formats.recording import Collection, known_idm

__all__ = ["MAX_FILE_BYTES", "Collection", "is_ours", "known_idm", "read_cards", "read_collection"]
