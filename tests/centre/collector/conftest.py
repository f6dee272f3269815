"""A centre that signs with the key of the stand-in in sim.centre: whoever talks to one can talk to the other."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from sim.centre import SEED


@pytest.fixture(autouse=True)
def signing_key(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "signing.key"
    path.write_text(f"1: {SEED.hex()}\n")
    path.chmod(0o600)
    settings.SIGNING_KEY_PLACE = str(path)
    return path
