"""The key that the centre signs with: bundles, receipts and the time (docs/exchange.md).

    CENTRE_SIGNING_KEY=/etc/farebox/signing.key         a file of mode 0600, in the form of docs/keys.md
    CENTRE_SIGNING_KEY=credential:centre-signing-key    systemd's LoadCredential=
    CENTRE_SIMULATED=1, and no key there                the bench key, public by design (模擬)

Of several versions in the file the newest signs; all of them are told to the vehicles, so that a key can be changed
while buses are on the road.
"""

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from farebox.formats.cose import BENCH_SEED, public_key_of
from reader.keys import CREDENTIAL, KeyStoreFault, secrets_from


def signing_seed() -> bytes:
    """The Ed25519 seed, 32 bytes. Raises KeyStoreFault, which says what to do: a centre does not start without."""
    seeds = _seeds()
    return seeds[max(seeds)]


def public_key() -> bytes:
    """The public half of the key that signs, 32 bytes."""
    return public_key_of(signing_seed())


def public_keys() -> tuple[bytes, ...]:
    """The public halves of all versions, newest first: what stands in a vehicle's `keys.centre`."""
    seeds = _seeds()
    return tuple(public_key_of(seeds[version]) for version in sorted(seeds, reverse=True))


def is_simulated() -> bool:
    """Whether it is the bench key that signs (模擬), which proves nothing."""
    return signing_seed() == BENCH_SEED


def keys_file() -> str:
    """The text of a vehicle's `keys.centre`: 64 hex digits a line."""
    said = "# 模擬: the bench key, which proves nothing\n" if is_simulated() else ""
    return said + "".join(f"{key.hex()}\n" for key in public_keys())


def _seeds() -> Mapping[int, bytes]:
    where: str = settings.SIGNING_KEY_PLACE
    if not where.startswith(CREDENTIAL) and not Path(where).exists():
        if settings.SIMULATED:
            return {1: BENCH_SEED}
        raise KeyStoreFault(
            f"CENTRE_SIGNING_KEY: there is no key at {where}, and without one the centre signs nothing; run farebox "
            "centre init, or name a file of mode 0600 or credential:NAME"
        )
    seeds = secrets_from(where)
    if BENCH_SEED in seeds.values() and not settings.SIMULATED:
        raise KeyStoreFault(f"CENTRE_SIGNING_KEY: {where} holds the bench key, which is public (模擬); make your own")
    return seeds
