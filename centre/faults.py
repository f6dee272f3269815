"""Whose fault it is, where the centre can't go on. Each says what, where, and what to do.

CentreFault            input or output: a database that is not reached, a backup that is damaged
└── CentreBroken       configuration: no restart will mend it
"""


class CentreFault(Exception):
    """Something around the centre is in the way."""


class CentreBroken(CentreFault):
    """The centre's settings are wrong: every problem at once, a line each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """With each problem."""
        super().__init__("\n".join(problems))
        self.problems = problems
