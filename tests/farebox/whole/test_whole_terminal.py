"""The whole terminal, in any order of anything: after every step every yen is accounted for (faults 1 to 25, 42, 43).

`make test-long` looks for longer.
"""

import os

from hypothesis import HealthCheck, settings

from tests.farebox.whole.machine import WholeTerminal

EXAMPLES = int(os.environ.get("FAREBOX_EXAMPLES", "50"))

WholeTerminal.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestWholeTerminal = WholeTerminal.TestCase
