"""Keys: that they are there, and nobody else's to read. What they are is never shown."""

import stat
from collections.abc import Iterator

from farebox.config import BENCH_KEYS, Config
from farebox.peripherals.finding import Finding, Level
from reader.keys import CREDENTIAL, KeyStoreFault, secrets_from
from tools.doctor.machine import Machine

_UNIT = "farebox.service"
_UNIT_FOLDERS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")


def keys(config: Config, machine: Machine) -> Iterator[Finding]:
    """Present, and nobody else's to read. What they are is not shown."""
    named = {"keys.source": config.keys.source, "keys.sealing": config.keys.sealing}
    if config.exchange is not None:
        named["exchange.token"] = config.exchange.token
    for setting, where in named.items():
        if where == BENCH_KEYS:
            text = ("検証用の公開鍵です（模擬）", "the public bench key (模擬)")
            yield Finding(Level.NOTE, "bench-key", setting, text, ("docs/keys.md",) * 2)
        elif where.startswith(CREDENTIAL) and "CREDENTIALS_DIRECTORY" not in machine.environ:
            yield _credential(setting, where.removeprefix(CREDENTIAL), machine)
        else:
            yield _key_file(setting, where)


def _key_file(setting: str, where: str) -> Finding:
    try:
        versions = ", ".join(map(str, sorted(secrets_from(where))))
    except (KeyStoreFault, OSError) as fault:
        return Finding(Level.FAIL, "key", setting, (str(fault),) * 2, ("docs/keys.md",) * 2)
    return Finding(Level.OK, "key", setting, (f"{where}、版 {versions}", f"{where}, version {versions}"))


def _credential(setting: str, name: str, machine: Machine) -> Finding:
    """Where the unit takes it from; only the service itself sees the credential."""
    source = _unit_credentials(machine).get(name)
    if source is None:
        fix = (f"$ sudo systemctl edit {_UNIT}   # LoadCredential={name}:/etc/farebox/{name}",) * 2
        text = (f"ユニットに {name} がありません", f"no unit loads a credential {name}")
        return Finding(Level.FAIL, "key", setting, text, fix)
    encrypted, path = source
    fix = (f"$ sudo install -m 600 {name} {path}",) * 2
    try:
        about = machine.path(path).stat()
    except OSError as error:
        text = (f"{path} がありません（{error.strerror}）", f"{path} is not there ({error.strerror})")
        return Finding(Level.FAIL, "key", setting, text, fix)
    if not encrypted and stat.S_IMODE(about.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(about.st_mode):04o}"
        text = (f"{path} はほかのユーザーも読めます（{mode}）", f"{path}: others may read it ({mode})")
        return Finding(Level.FAIL, "key", setting, text, (f"$ sudo chmod 600 {path}",) * 2)
    return Finding(Level.OK, "key", setting, (f"{path}（中身は表示しません）", f"{path} (what it holds is not shown)"))


def _unit_credentials(machine: Machine) -> dict[str, tuple[bool, str]]:
    """Name -> whether it is encrypted, and where from; by the unit and what was edited over it."""
    found: dict[str, tuple[bool, str]] = {}
    for unit in (_UNIT, "farebox-exchange.service"):
        files = [f"{folder}/{unit}" for folder in _UNIT_FOLDERS]
        whole = next((name for name in files if machine.path(name).exists()), None)
        edits = sorted(machine.path(f"/etc/systemd/system/{unit}.d").glob("*.conf"))
        for name in (*([whole] if whole else []), *(f"/{file.relative_to(machine.root)}" for file in edits)):
            for line in machine.text(name).splitlines():
                setting, _, said = line.partition("=")
                if setting in ("LoadCredential", "LoadCredentialEncrypted"):
                    credential, _, path = said.partition(":")
                    found[credential] = (setting.endswith("Encrypted"), path)
    return found
