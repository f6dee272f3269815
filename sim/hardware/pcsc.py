"""A contactless PC/SC reader in front of the simulated field (模擬), and the line by which pcscd takes it for real.

`ContactlessReader` is the firmware: PC/SC part 3's commands, a transparent session. `VpcdLine` joins it to pcscd
through vsmartcard's driver vpcd: a TCP connection while a card is there, messages behind a two-byte length
(big-endian); one byte is a control (0 off, 1 on, 2 reset, 4 ATR), more is a command.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread, current_thread

from reader import transparent
from reader.transparent import Dialect, data_object, data_objects
from sim.hardware.field import CardField, CardModel, Withdrawal, in_turn

ATR = bytes.fromhex("3B 8F 80 01 80 4F 0C A0 00 00 03 06 11 00 3B 00 00 00 00 42")
"""A storage card, FeliCa (part 3, 3.1.3.2.3): RID A0 00 00 03 06, standard 11, card name 00 3B; check byte last."""
GET_IDM = bytes.fromhex("FF CA 00 00 00")
_ANY_SYSTEM = bytes.fromhex("06 00 FF FF 00 00")
_NO_SUCH_COMMAND, _NOT_NOW, _NO_SUCH_FUNCTION = b"\x6d\x00", b"\x69\x85", b"\x6a\x81"
_OFF, _RESET, _GET_ATR = 0, 2, 4
"""Controls of vpcd; an answer is due to the last alone."""
_PAUSE_S = 0.05
"""Between attempts to reach a pcscd that is starting."""


class SensedField(CardField):
    """A field that tells when a card comes or goes, as a reader's firmware notices by itself (it takes no command)."""

    def __init__(self) -> None:
        """An empty field; each card answers in a time slot of its own while there are enough."""
        super().__init__(in_turn)
        self.on_change: Callable[[], None] = lambda: None

    @property
    def is_occupied(self) -> bool:
        """Whether any card lies there."""
        with self._lock:
            return bool(self._laid)

    def lay(self, card: CardModel, withdrawal: Withdrawal | None = None) -> None:
        """As of the field."""
        super().lay(card, withdrawal)
        self.on_change()

    def lift(self, card: CardModel | None = None) -> None:
        """As of the field."""
        super().lift(card)
        self.on_change()

    def answers(self, frame: bytes) -> tuple[tuple[bytes, ...], ...]:
        """As of the field; the card may leave meanwhile."""
        heard = super().answers(frame)
        self.on_change()
        return heard


class ContactlessReader:
    """The firmware. While a session lasts it looks for no cards itself, so a card that leaves goes unnoticed."""

    def __init__(self, field: SensedField, dialect: Dialect = Dialect.STANDARD) -> None:
        """Take the field, and whose commands it understands."""
        self.field = field
        self._dialect = dialect
        self._in_session = False
        self._field_is_on = True
        self._speaks_felica = False

    @property
    def has_card(self) -> bool:
        """What it tells the host."""
        return self._in_session or self.field.is_occupied

    def power_off(self) -> None:
        """The host is done with the card."""
        self._in_session = self._speaks_felica = False
        self._field_is_on = True
        self.field.power_off()

    def answer(self, command: bytes) -> bytes:
        """One PC/SC command -> data and two status bytes."""
        if command == GET_IDM:
            return self._idm()
        if command[:3] != self._dialect.value or len(command) < 5:
            return _NO_SUCH_COMMAND
        try:
            objects = data_objects(_data(command))
        except transparent.Garbled:
            return b"\x6a\x80"
        match command[3]:
            case transparent.MANAGE:
                return self._manage(objects)
            case transparent.EXCHANGE:
                return self._exchange(objects.get(transparent.FRAME, b""))
            case transparent.SWITCH:
                wanted = data_object(transparent.FELICA[:1], objects.get(transparent.FELICA[:1], b""))
                self._speaks_felica = self._in_session and wanted == transparent.FELICA
                return _status(transparent.OK if self._speaks_felica else _NO_SUCH_FUNCTION)
        return _NO_SUCH_COMMAND

    def _idm(self) -> bytes:
        heard = None if self._in_session else self.field.exchange(_ANY_SYSTEM)
        return heard[2:10] + transparent.OK if heard else _NO_SUCH_FUNCTION

    def _manage(self, objects: dict[bytes, bytes]) -> bytes:
        for tag in objects:
            match tag:
                case b"\x81":
                    self._in_session, self._field_is_on = True, True
                case b"\x82":
                    self._in_session = self._speaks_felica = False
                    self._field_is_on = True
                    self.field.on_change()
                case b"\x83":
                    self._field_is_on = False
                    self.field.power_off()
                case b"\x84":
                    self._field_is_on = True
                case _:
                    return _status(_NO_SUCH_FUNCTION)
        return _status(transparent.OK)

    def _exchange(self, frame: bytes) -> bytes:
        if not (self._in_session and self._speaks_felica and frame):
            return _status(_NOT_NOW)
        heard = self.field.exchange(frame) if self._field_is_on else None
        if heard is None:
            return _status(transparent.NO_ANSWER)
        air = data_object(b"\x92", b"\x00") + data_object(transparent.AIR_STATUS, b"\x00\x00")
        return _status(transparent.OK)[:-2] + air + data_object(transparent.ANSWER, heard) + transparent.OK


def _status(status: bytes) -> bytes:
    """A status object about the question as a whole, or about its first object; the command itself went well."""
    about = b"\x00" if status == transparent.OK else b"\x01"
    return data_object(transparent.STATUS, about + status) + transparent.OK


def _data(command: bytes) -> bytes:
    """The data field, of a short or an extended length."""
    if command[4] or len(command) < 7:
        return command[5 : 5 + command[4]]
    return command[7 : 7 + int.from_bytes(command[5:7], "big")]


class VpcdLine:
    """The line to vpcd on a port of this machine: up while the reader has a card. Answers from a thread of its own."""

    def __init__(self, reader: ContactlessReader, port: int) -> None:
        """Start answering; pcscd must be running by the time a card is laid."""
        self._reader = reader
        self._port = port
        self._changed = Condition()
        self._closing = False
        self._line: socket.socket | None = None
        reader.field.on_change = self._look
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def break_off(self) -> None:
        """Break in the middle; up again at once if there is a card."""
        with self._changed:
            self._hang_up()

    def close(self) -> None:
        """Take the cards away and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            self._hang_up()
        self._thread.join()

    def _look(self) -> None:
        with self._changed:
            self._changed.notify_all()
            # In our own thread an answer is still to be sent.
            if current_thread() is not self._thread and not self._reader.has_card:
                self._hang_up()

    def _hang_up(self) -> None:
        if self._line is not None:
            with suppress(OSError):  # the other end may have hung up first
                self._line.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        while not self._closing:
            try:
                with self._connected() as line:
                    self._serve(line)
            except OSError:
                with self._changed:  # the card left in the middle, or pcscd has ended, or does not run yet
                    self._changed.wait(_PAUSE_S)
            finally:
                with self._changed:
                    self._line = None

    def _connected(self) -> socket.socket:
        """A line, as soon as there is a card; ConnectionError if it shall end instead."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._reader.has_card)
            if self._closing:
                raise ConnectionError("closing")
            self._line = socket.create_connection(("127.0.0.1", self._port))
            return self._line

    def _serve(self, line: socket.socket) -> None:
        while self._reader.has_card:
            message = _received(line, int.from_bytes(_received(line, 2), "big"))
            if len(message) == 1:
                if message[0] in (_OFF, _RESET):
                    self._reader.power_off()
                answer = ATR if message[0] == _GET_ATR else None
            else:
                answer = self._reader.answer(message)
            if answer is not None:
                line.sendall(len(answer).to_bytes(2, "big") + answer)


def _received(line: socket.socket, size: int) -> bytes:
    """This many bytes; ConnectionError if the line ends first."""
    got = b""
    while len(got) < size:
        # vpcd sends length and message apart: without this the second waits 40 ms for our acknowledgement.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        more = line.recv(size - len(got))
        if not more:
            raise ConnectionError("vpcd hung up")
        got += more
    return got
