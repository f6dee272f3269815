"""Bugs, planted one at a time: the machine finds each within its bounded run, by the check that is for it."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.farebox.whole.machine import WholeTerminal
from tests.farebox.whole.planted import PLANTED

BOUNDED = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize=True,
    report_multiple_bugs=False,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
"""Found is enough: the shortest way there is not looked for."""


OTHERS = {"conserved": "conserved|told"}
"""A ride's yen by the one, a boarding's word by the other: which is met first hangs on the days that are drawn."""


@pytest.mark.parametrize(("check", "where", "what", "bug"), PLANTED, ids=lambda part: getattr(part, "__name__", None))
def test_a_planted_bug_is_found(
    monkeypatch: pytest.MonkeyPatch, check: str, where: object, what: str, bug: object
) -> None:
    class Here(WholeTerminal):
        only = "aizu-noruca" if check == "cap" else "lococa"

    monkeypatch.setattr(where, what, bug)
    with pytest.raises(AssertionError, match=rf"(?m)^({OTHERS.get(check, check)}): "):
        run_state_machine_as_test(Here, settings=BOUNDED)
