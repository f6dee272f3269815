"""Speed, measured beside a peer in the same run: `make bench`, or `python -m tools.bench --only a,c --quick`.

measure.py   samples in turns, medians, spreads; a row of the table
bus.py       the sample line's bus for the cases: the real terminal on a simulated reader and a disk in memory
cards.py     the cards that ride on it
past.py      a journal with a long past
cases        card_commands.py (a)  serial_line.py (b)  terminal_cpu.py, settle_cpu.py (c)  durable_journal.py (d)
             replay_rate.py (e)  workers.py (g)  bulk_repricing.py (f)  cold_start.py (i)  growth.py (j)
             feed_import.py (k)  portal_pages.py, portal_members.py (l)
picture.py   how cost grows with stops, trips, cards and workers, drawn (`--growth FILE.svg`)
peers/       the same work as users of other libraries would write it

docs/performance.md has the goals, and how to read the table.
"""
