"""The same work as users of other libraries would write it, as well as they would.

stock_nfcpy.py       a tap through nfcpy's connect() and its tag classes
by_the_book.py       a fare terminal of transitions and frozen dataclasses
sqlite_journal.py    a row a tap in SQLite
bare_write.py        the bytes alone: a write into allocated room, and a flush
event_loop.py        a day as SimPy processes, or as generators where SimPy is not installed
empty_view.py        the least that Django does for a page
"""
