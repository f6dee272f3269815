"""The key that a terminal seals its segments with: an Ed25519 seed, kept as card keys are (docs/keys.md).

    sealing_seed("sealing.key")                a file of mode 0600
    sealing_seed("credential:sealing-key")     systemd's LoadCredential=
    sealing_seed(None)                         the bench key, public by design (模擬)

Of several versions the newest seals. The centre is told the public half: `farebox journal public-key`.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from farebox.formats.cose import BENCH_SEED
from reader.keys import secrets_from


def sealing_seed(where: str | Path | None, environ: Mapping[str, str] = os.environ) -> bytes:
    """The seed at a place, or the bench key's if none is given. Raises reader.keys.KeyStoreFault."""
    if where is None:
        return BENCH_SEED
    secrets = secrets_from(where, environ)
    return secrets[max(secrets)]
