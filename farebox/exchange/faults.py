"""Faults of an exchange. Each message says what, where and what to do, in one line.

    ExchangeFault
    ├── LineCut        the network's: not reached, cut off, too slow; tried again later
    ├── NotTheCentre   whoever answers can't prove that it is the centre: nothing is said to it, nothing believed
    ├── Busy           another exchange of this vehicle is at it: nothing was begun, it does the same
    └── Nonsense       the centre's: an answer that is not what docs/exchange.md says; nothing is deleted for it

What the centre declines in proper form is no fault but a value: `farebox.exchange.answers.Refused`.
"""


class ExchangeFault(Exception):
    """Any of the above."""


class LineCut(ExchangeFault):
    """The network's fault; what was under way goes on from its last durable byte at the next try."""


class NotTheCentre(ExchangeFault):
    """A certificate or a signature that is not the centre's."""


class Nonsense(ExchangeFault):
    """Not an answer of the protocol."""


class Busy(ExchangeFault):
    """Another process exchanges with this vehicle's centre just now."""
