"""A note acceptor's line at which the terminal loses its power (模擬): at any command, carried out or not."""

from sim.hardware.memory_disk import PowerLost
from sim.hardware.note_acceptor import DirectLine, NoteAcceptorModel


class CutLine(DirectLine):
    """Goes dead at the command of a number, as the model counts them; None: never."""

    def __init__(self, model: NoteAcceptorModel) -> None:
        """Take the model, which outlives the terminal."""
        super().__init__(model)
        self.dies_at: int | None = None
        self.dies_after = False
        """Whether that command is carried out first."""

    def ask(self, frame: bytes) -> bytes:
        """The model's answer. Raises PowerLost."""
        return self._process(frame)

    def tell(self, frame: bytes) -> bool:
        """Said to the model. Raises PowerLost."""
        self._process(frame)
        return True

    def _process(self, frame: bytes) -> bytes:
        dies = self.dies_at == len(self.model.commands)
        if dies and not self.dies_after:
            raise PowerLost
        answer = self.model.process(frame)
        if dies:
            raise PowerLost
        return answer
