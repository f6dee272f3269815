"""Scenarios (模擬): what happens on a bus, written as people tell it, run through the real fare box.

schema.py       what a `*.scenario.toml` may say; docs/scenario_keys.md and json_schema.py come from it
reading.py      a text -> Book, or everything that is wrong with it, line by line: places.py, values.py, laws.py
roads.py        routes and fares, a scenario's own or a feed's
office.py       cards and passes, made as a scenario says them
world.py        buses with the real terminal, and one clock for all
hands.py        who lays the cards: simulated hands; person.py: a person's, at a real reader
acting.py       one step: what is done, and what came of it
checking.py     what came of it against what was expected
counting.py     every yen, counted twice (the end of each scenario)
running.py      the door: run(scenario, files, hands) -> Outcome
recording.py    a journal -> a scenario; recalled.py: its cards; writing.py: its text
"""
