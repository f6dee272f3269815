"""Whatever happens on two buses, in any order: the scenario ends with an answer, and every yen is accounted for."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.scenario.faults import ScenarioBroken
from sim.scenario.hands import SimulatedHands
from sim.scenario.reading import parse
from sim.scenario.running import run
from tests.sim.scenario.bench import HEAD
from tools.scenario_files import Beside

HANDS = SimulatedHands()
STOPS = ("磐城棚倉", "実業高校前", "南湖公園", "白河モール前", "新白河")
CARDS = """
cards."定期" = { balance = 700, pass = { from = "磐城棚倉", to = "南湖公園", first = 2026-11-01, last = 2026-11-30 } }
buses."二号車" = { departs = 09:00:00 }
"""
NAMES = st.sampled_from(("花子", "太郎", "定期"))
BUS = st.sampled_from(("", "", ', bus = "二号車"'))
TEARS = st.one_of(
    st.just(""),
    st.builds(
        ', tear = {{ command = {}, moment = "{}" }}{}'.format,
        st.integers(1, 8),
        st.sampled_from(("before", "during", "after", "answer-lost")),
        st.sampled_from(("", ', refused = "touch-again"', ', refused = "touch-again"')),
    ),
    st.builds(', refused = "{}"'.format, st.sampled_from(("short", "no-boarding", "busy", "out-of-service"))),
)
PARTIES = st.sampled_from(("", "", ', party = { companions = ["child"] }', ', party = { holder = "child" }'))
STEPS = st.one_of(
    st.builds('board = "{}"{}{}'.format, NAMES, TEARS, BUS),
    st.builds('alight = "{}"{}{}{}'.format, NAMES, TEARS, PARTIES, BUS),
    st.builds('cancel = "{}"{}{}'.format, NAMES, TEARS, BUS),
    st.builds('top_up = "{}", notes = {}{}'.format, NAMES, st.sampled_from(([1_000], [2_000, 5_000])), TEARS),
    st.builds('answer_payment = "{}"'.format, st.sampled_from(("part-cash", "all-cash"))),
    st.builds('answer_stop = "{}"'.format, st.sampled_from(STOPS)),
    st.builds('drive_to = "{}"{}'.format, st.sampled_from(STOPS), BUS),
    st.sampled_from(("drop_question = true", "restart = true", "power_cut = true", "wait_s = 40", "end_trip = true")),
    st.sampled_from(
        ('hotlist = { refused = ["太郎"] }', "clock_trusted = false", "begin_trip = { date = 2026-11-21 }")
    ),
)


@settings(max_examples=12)
@given(st.lists(STEPS, min_size=1, max_size=12))
def test_any_steps_end_with_an_answer_and_every_yen_accounted_for(steps: list[str]) -> None:
    """Most steps are not as their words expect; they are left out, and what is left must add up."""
    while steps:
        rows = "".join(f"  {{ {step} }},\n" for step in steps)
        text = f'{HEAD}[[scenario]]\ntitle = "any"\n{CARDS}steps = [\n{rows}]\n'
        try:
            failure = run(parse(text.encode(), "any").scenarios[0], Beside("any"), HANDS).failure
        except ScenarioBroken as broken:  # the bus had passed that stop, say
            failed = int(re.findall(r"step (\d+)", str(broken))[0])
        else:
            if failure is None:
                return
            if failure.step == 0:
                assert {one.what for one in failure.differences} <= {"end.pending", "end.unknown"}, (text, failure)
                return
            failed = failure.step
        steps = [*steps[: failed - 1], *steps[failed:]]
