"""CBOR from outside, read strictly: bounded depth and size, no tags, nothing indefinite, no key twice (faults 31)."""

from typing import Any

import cbor2


class RecordError(ValueError):
    """Bytes or values that may not stand in a journal: the caller's fault when writing, the bytes' when reading."""


class _NoTags(dict[int, Any]):
    """Asked by cbor2 what to do with a tag, says no to each before anything is built from it."""

    def __getitem__(self, tag: int) -> Any:
        raise RecordError(f"tag {tag}")

    def __contains__(self, tag: object) -> bool:
        return True

    def get(self, tag: int, default: object = None) -> Any:
        return self[tag]


_NO_TAGS = _NoTags({0: None})


def parse(data: bytes, max_depth: int, most_bytes: int, what: str) -> Any:
    """The value that the bytes are, arrays as tuples; `what` names them. Raises `RecordError`."""
    if len(data) > most_bytes:
        raise RecordError(f"{what} of {len(data)} bytes, at most {most_bytes} allowed")
    try:
        return cbor2.loads(
            data,
            semantic_decoders=_NO_TAGS,
            max_depth=max_depth,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
            immutable=True,
        )
    except cbor2.CBORError as error:
        raise RecordError(f"{what} is not the CBOR of a record: {error}") from error
