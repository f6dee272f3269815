"""Scenarios (模擬): what happens on a bus, written as people tell it, run through the real fare box.

schema.py       what a `*.scenario.toml` may say; docs/scenarios.md and the JSON Schema come from it
reading.py      a text -> Book, or everything that is wrong with it, line by line
places.py       where in the text a value stands
world.py        buses, routes, cards: a scenario's own, or a feed's
acting.py       one step: what is done, and what came of it
checking.py     what came of it against what was expected
counting.py     every yen, counted twice (the end of each scenario)
running.py      the door: run(scenario) -> Outcome
person.py       a real reader, with a person who lays the cards
recording.py    a journal -> a scenario
writing.py      a scenario -> its text
"""
