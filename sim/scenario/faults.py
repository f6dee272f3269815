"""What can be wrong with a scenario that is to be run, before anything is judged: the writer's to mend."""


class ScenarioBroken(ValueError):
    """A file that can't be run; `problems` has a line for each thing that is wrong, `file:line: what`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """The problems, in the order of the file."""
        super().__init__("\n".join(problems))
        self.problems = problems


class Misfit(ValueError):
    """A scenario asks for what its operator, feed or route does not have; says what, and what there is."""
