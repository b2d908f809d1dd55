"""Builds the wheel: pure Python and libvolcv. One wheel serves every Python 3 of its platform.

Two variables say what `cargo xtask wheel` knows:

VOLCV_LIBRARY         the library to pack; without it, cargo builds one
VOLCV_WHEEL_PLATFORM  the platform tag, such as manylinux_2_17_x86_64; without it, this machine's own
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import header  # noqa: E402

NAMES = {"linux": "libvolcv.so", "darwin": "libvolcv.dylib", "win32": "volcv.dll"}
HEADER = (HERE.parent / "include" / "volcv.h").read_text(encoding="utf-8")


def library() -> Path:
    """The library to pack."""
    given = os.environ.get("VOLCV_LIBRARY")
    if given:
        return Path(given)
    if shutil.which("cargo") is None:
        raise SystemExit("volcv is built from Rust: install cargo (https://rustup.rs), or install a wheel")
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "volcv-ffi"], cwd=HERE.parent, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
    return target / "release" / NAMES[sys.platform]


class Build(build_py):
    """Adds what is generated: the library and the declarations."""

    def run(self) -> None:
        super().run()
        from cffi import FFI

        package = Path(self.build_lib) / "volcv"
        declarations = FFI()
        declarations.cdef(header.declarations(HEADER))
        declarations.set_source("volcv._cffi", None)
        declarations.emit_python_code(str(package / "_cffi.py"))
        (package / "_version.py").write_text(
            f'"""The version of volcv.h."""\n\nVERSION = "{header.version(HEADER)}"\n', encoding="utf-8"
        )
        shutil.copyfile(library(), package / NAMES[sys.platform])


class Wheel(bdist_wheel):
    """Names the wheel: every Python 3, one platform."""

    def get_tag(self) -> tuple[str, str, str]:
        platform = super().get_tag()[2]
        return "py3", "none", os.environ.get("VOLCV_WHEEL_PLATFORM", platform)


class WithLibrary(Distribution):
    """A distribution that is not the same on every platform."""

    def has_ext_modules(self) -> bool:
        return True


setup(
    version=header.version(HEADER),
    distclass=WithLibrary,
    cmdclass={"build_py": Build, "bdist_wheel": Wheel},
)
