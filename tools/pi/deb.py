"""`make deb`: the Debian package. An environment of its own under /opt/farebox, of locked and hashed dependencies.

    python -m tools.pi.deb --arch arm64 build      build/farebox_0.1.0_arm64.deb, made on whatever machine this is

The dependencies' wheels are those of the target's architecture; nothing of the target is run. The Python is that of the
target: the package depends on the minor version that this runs on. Two builds of the same sources give the same bytes.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from farebox.config import EXAMPLE
from farebox.version import RELEASED, VERSION
from tariff.calendar import midnight_in_japan_s
from tools.reader.known import RULE_NAME, udev_rule

ROOT = Path(__file__).parents[2]
PI = Path(__file__).parent
LOCK = ROOT / "requirements" / "pi.txt"
UNITS = tuple(sorted(path for path in PI.iterdir() if path.suffix in (".service", ".target")))
CONFFILES = ("/etc/farebox/farebox.toml",)
SCRIPTS = ("postinst", "prerm", "postrm")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
AFTER = f"{sys.version_info.major}.{sys.version_info.minor + 1}"


class Target(NamedTuple):
    """An architecture as Debian calls it, and as uv does; glibc 2.36 is that of Debian 12."""

    arch: str
    platform: str


TARGETS = {
    target.arch: target
    for target in (Target("amd64", "x86_64-manylinux_2_36"), Target("arm64", "aarch64-manylinux_2_36"))
}
_JUNK = ("bin", "docs", "tests", "man", "share")
"""What packages leave beside their modules: scripts that name this machine's Python, and their own tests."""
_LAUNCHER = """#!/opt/farebox/bin/python -I
from tools.entry import main

main()
"""
_CONTROL = """Package: farebox
Version: {version}
Architecture: {arch}
Maintainer: The farebox authors <farebox@localhost>
Installed-Size: {size_kib}
Depends: python3 (>= {python}), python3 (<< {after}), libc6 (>= 2.36), libusb-1.0-0, systemd, udev
Recommends: fonts-ipafont-gothic
Suggests: cage, foot, seatd, pcscd
Section: misc
Priority: optional
Description: bus fare box for FeliCa cards
 The terminal of a bus: takes fares by contactless card, keeps a journal in which
 no yen is lost or taken twice, and shows the driver and the passengers what it did.
 With its simulator. Nothing is started before it has been configured.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Build one package and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the folder that it goes into")
    parser.add_argument("--arch", choices=sorted(TARGETS), default=own_arch(), help="by default this machine's")
    given = parser.parse_args(arguments)
    print(build(TARGETS[given.arch], given.out))


def build(target: Target, out: Path) -> Path:
    """The package of one architecture; subprocess.CalledProcessError if a tool fails, which has said why then."""
    stage = out / f"deb-{target.arch}"
    shutil.rmtree(stage, ignore_errors=True)
    _environment(stage / "opt" / "farebox", target)
    _system_files(stage)
    _control(stage, target)
    _same_whenever(stage)
    package = out / f"farebox_{VERSION}_{target.arch}.deb"
    _run("dpkg-deb", "--root-owner-group", "-Zxz", "-z3", "--build", str(stage), str(package))
    shutil.rmtree(stage)
    return package


def own_arch() -> str:
    """This machine's, as Debian calls it."""
    return subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()


def _run(*command: str) -> None:
    made_at = str(midnight_in_japan_s(RELEASED))
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "SOURCE_DATE_EPOCH": made_at}, stdout=sys.stderr)


def _environment(home: Path, target: Target) -> None:
    """A venv of Debian's Python, which is not needed for making it."""
    packages = home / "lib" / f"python{PYTHON}" / "site-packages"
    packages.mkdir(parents=True)
    _install(packages, target, "--require-hashes", "-r", str(LOCK))
    _clear_setuptools()  # it would ship what is no more
    _install(packages, target, "--no-deps", str(ROOT))
    _clear_setuptools()
    for junk in _JUNK:
        shutil.rmtree(packages / junk, ignore_errors=True)
    for name in ("direct_url.json", "uv_cache.json"):
        for told in packages.glob(f"*.dist-info/{name}"):
            told.unlink()  # where on this machine it came from
    # Unchecked: nobody writes here, and the root of a fare box may be read-only.
    modules = str(packages)
    _run(sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash",
         "-s", modules, "-p", f"/opt/farebox/lib/python{PYTHON}/site-packages", modules)  # fmt: skip
    (home / "bin").mkdir()
    (home / "bin" / "python").symlink_to(f"/usr/bin/python{PYTHON}")
    _write(home / "bin" / "farebox", _LAUNCHER, 0o755)
    _write(home / "pyvenv.cfg", f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {PYTHON}\n")


def _clear_setuptools() -> None:
    build = ROOT / "build"
    for left_over in (build / "lib", *build.glob("bdist.*")):
        shutil.rmtree(left_over, ignore_errors=True)


def _install(packages: Path, target: Target, *what: str) -> None:
    _run(
        *(import_module("uv").find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--target", str(packages)),
        *("--python", sys.executable, "--python-version", PYTHON, "--python-platform", target.platform),
        *("--link-mode", "copy", "--no-build-isolation", "--no-compile-bytecode", *what),
    )


def _system_files(stage: Path) -> None:
    """Everything outside of /opt/farebox."""
    (stage / "usr" / "bin").mkdir(parents=True)
    (stage / "usr" / "bin" / "farebox").symlink_to("/opt/farebox/bin/farebox")
    _write(stage / "etc" / "farebox" / "farebox.toml", EXAMPLE)
    for unit in UNITS:
        _write(stage / "usr" / "lib" / "systemd" / "system" / unit.name, unit.read_text("utf-8"))
    users = (PI / "debian" / "sysusers.conf").read_text("utf-8")
    _write(stage / "usr" / "lib" / "sysusers.d" / "farebox.conf", users)
    more = (PI / "debian" / "60-farebox-more.rules").read_text("utf-8")
    _write(stage / "usr" / "lib" / "udev" / "rules.d" / RULE_NAME, udev_rule() + more)
    about = stage / "usr" / "share" / "doc" / "farebox"
    _write(about / "copyright", (PI / "debian" / "copyright").read_text("utf-8"))
    for page in sorted((ROOT / "docs" / "operations").glob("*.md")):
        _write(about / page.name, page.read_text("utf-8"))


def _control(stage: Path, target: Target) -> None:
    size_kib = sum(path.lstat().st_size for path in stage.rglob("*")) // 1024
    folder = stage / "DEBIAN"
    text = _CONTROL.format(version=VERSION, arch=target.arch, size_kib=size_kib, python=PYTHON, after=AFTER)
    _write(folder / "control", text)
    _write(folder / "conffiles", "".join(f"{path}\n" for path in CONFFILES))
    for script in SCRIPTS:
        _write(folder / script, (PI / "debian" / script).read_text("utf-8"), 0o755)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)


def _same_whenever(stage: Path) -> None:
    """Times and rights as they are at every build."""
    made_at_s = midnight_in_japan_s(RELEASED)
    for path in sorted(stage.rglob("*"), reverse=True):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (made_at_s, made_at_s), follow_symlinks=False)


if __name__ == "__main__":
    main()
