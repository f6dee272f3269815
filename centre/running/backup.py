"""A centre in one file, and back: its database as it stood at one moment, its keys, and a manifest of what is in it.

    back_up(path, software) -> Manifest     while it runs; the file is its owner's alone, and whole or not there
    restore(path, force=False)              into a centre that nobody serves; nothing is touched before all is checked

SQLite is copied by its own backup, PostgreSQL by pg_dump. Keys that systemd gives as credentials are systemd's to keep.
"""

import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from centre.clock import machine_s
from centre.faults import CentreFault
from centre.running.lock import only_one

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = {"sqlite": "centre.sqlite3", "postgresql": "centre.dump"}
_KEYS = {"secret.key": "SECRET_KEY_PLACE", "signing.key": "SIGNING_KEY_PLACE"}
_MOST_MANIFEST_BYTES = 1 << 20
_DEBIAN = Path("/usr/lib/postgresql")


class Manifest(NamedTuple):
    """What a backup says of itself; `files` are SHA-256 in hex by name, `migrations` the database's form."""

    made_at_s: int
    software: str
    database: str
    migrations: tuple[str, ...]
    files: Mapping[str, str]


def back_up(path: Path, software: str) -> Manifest:
    """Write a backup. Raises CentreFault, OSError. `software` is the version that wrote it."""
    if path.exists():
        raise CentreFault(f"{path} is there already; a backup never writes over another one")
    with _folder_beside(path) as folder:
        copied = folder / DATABASE[connection.vendor]
        (_dump_postgresql if connection.vendor == "postgresql" else _copy_sqlite)(copied)
        names = [copied.name]
        for name, setting in _KEYS.items():
            place = getattr(settings, setting)
            if place.startswith("/"):
                shutil.copyfile(place, folder / name)
                names.append(name)
        manifest = Manifest(
            *(machine_s(), software, connection.vendor, _applied()), {name: _digest(folder / name) for name in names}
        )
        whole = folder / "whole"
        with whole.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                _add(tar, MANIFEST, json.dumps({"format": FORMAT, **manifest._asdict()}, indent=1).encode())
                for name in names:
                    tar.add(folder / name, name, filter=_plain)
            file.flush()
            os.fsync(file.fileno())
        whole.chmod(0o600)
        whole.replace(path)
    return manifest


def restore(path: Path, *, force: bool = False) -> Manifest:
    """Put a backup in the place of what is here. Raises CentreFault and touches nothing if it is damaged, made by
    a newer version, for another kind of database, or if there is anything here and no `force`.
    """
    with _folder_beside(settings.HOME / "restored") as folder:
        manifest = _unpacked(path, folder)
        if manifest.database != connection.vendor:
            raise CentreFault(
                f"{path} holds a {manifest.database} database; DATABASE_URL names a {connection.vendor} one"
            )
        unknown = sorted(set(manifest.migrations) - _known())
        if unknown:
            raise CentreFault(f"{path} was made by version {manifest.software}, which is newer; install that one first")
        if not force and not _is_empty():
            raise CentreFault("this centre holds something already; --force puts the backup in its place")
        with only_one(settings.HOME) as alone:
            if not alone:
                raise CentreFault("farebox centre work is running; stop it and serve first")
            database = folder / DATABASE[manifest.database]
            (_load_postgresql if connection.vendor == "postgresql" else _put_sqlite)(database)
        for name, setting in _KEYS.items():
            place = getattr(settings, setting)
            if name in manifest.files and place.startswith("/"):
                (folder / name).chmod(0o600)
                shutil.move(folder / name, place)
    return manifest


# -- the file


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """A folder on the same disk, gone in the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=path.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    tar.addfile(info, io.BytesIO(data))


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _unpacked(path: Path, folder: Path) -> Manifest:
    """What a backup holds, in a folder, each file as its manifest says; CentreFault for anything else."""
    try:
        with tarfile.open(path) as tar:
            first = tar.next()
            said = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
            manifest = _read(said.read(_MOST_MANIFEST_BYTES) if said is not None else b"")
            for name in manifest.files:
                if name not in (*DATABASE.values(), *_KEYS):
                    raise ValueError(name)
                member = tar.getmember(name)
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    raise ValueError(name)
                with (folder / name).open("wb") as file:
                    shutil.copyfileobj(content, file)
                if _digest(folder / name) != manifest.files[name]:
                    raise ValueError(name)
            if DATABASE.get(manifest.database) not in manifest.files:
                raise ValueError("no database")
    except FileNotFoundError:
        raise
    except (tarfile.TarError, ValueError, KeyError, TypeError, EOFError) as fault:
        raise CentreFault(
            f"{path} is no backup of a centre, or damaged ({type(fault).__name__}); take another"
        ) from None
    return manifest


def _read(data: bytes) -> Manifest:
    said = json.loads(data)
    if said.pop("format") != FORMAT:
        raise ValueError("format")
    read = Manifest(**said)
    return read._replace(migrations=tuple(map(str, read.migrations)), files=dict(read.files))


# -- the database


def _applied() -> tuple[str, ...]:
    return tuple(sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()))


def _known() -> set[str]:
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}


def _is_empty() -> bool:
    """No table, or nobody in it: as a centre is after `init`."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        if "users_user" not in tables:
            return True
        cursor.execute("SELECT EXISTS (SELECT 1 FROM users_user) OR EXISTS (SELECT 1 FROM collector_vehicle)")
        return not cursor.fetchone()[0]


def _sqlite() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _copy_sqlite(to: Path) -> None:
    if not _sqlite().exists():
        raise CentreFault(f"{_sqlite()}: there is no database; run farebox centre init")
    try:
        with closing(sqlite3.connect(_sqlite())) as live, closing(sqlite3.connect(to)) as copied:
            live.backup(copied)
            copied.execute("PRAGMA journal_mode=DELETE")
            (found,) = copied.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as fault:
        found = str(fault)
    if found != "ok":
        raise CentreFault(f"{_sqlite()}: SQLite finds it damaged ({found}); keep it, and restore the last good backup")


def _put_sqlite(file: Path) -> None:
    connection.close()
    for beside in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            _sqlite().with_name(_sqlite().name + beside).unlink()
    file.chmod(0o600)
    file.replace(_sqlite())


def _dump_postgresql(to: Path) -> None:
    _postgresql("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={to}")


def _load_postgresql(file: Path) -> None:
    connection.close()
    _postgresql(
        *("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-acl", "--single-transaction"),
        *(f"--dbname={connection.settings_dict['NAME']}", str(file)),
    )


def _postgresql(program: str, *words: str) -> None:
    """Run one of PostgreSQL's programs on our database; who we are stands in its environment, where nobody reads it."""
    found = sorted(_DEBIAN.glob(f"*/bin/{program}"), key=lambda path: int(path.parts[-3]), reverse=True)
    at = str(found[0]) if found else shutil.which(program)
    if at is None:
        raise CentreFault(f"{program} is not installed; on Debian, apt-get install postgresql-client")
    said = connection.get_connection_params()
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    names |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    environ = {name: str(said[key]) for key, name in names.items() if said.get(key)}
    done = subprocess.run((at, *words), env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise CentreFault(f"{program}: {lines[0]}; see to the database, nothing was changed")
