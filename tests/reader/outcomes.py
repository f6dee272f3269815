"""Outcomes are tuples, and so are the blocks of a good read: this tells them apart."""

from reader.port import CardLost, Declined, ReaderFault, ReadOutcome


def good(outcome: ReadOutcome) -> tuple[bytes, ...]:
    """The blocks of a read that went well."""
    assert not isinstance(outcome, (CardLost, Declined, ReaderFault)), outcome
    return outcome
