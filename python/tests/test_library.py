"""The package and the header agree, and a library that is missing or another one is a clear error."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import volcv
from conftest import python
from volcv import _engine, _errors, _native, _options, _pictures, _progress, _tasks
from volcv._native import ffi, lib

HEADER = Path(os.environ["VOLCV_HEADER"])


def numbers(prefix: str) -> dict[str, int]:
    """The numbers of the header whose names begin so, by the rest of their names."""
    found = re.findall(rf"^#define VOLCV_{prefix}_(\w+) \((-?\d+)u?\)$", HEADER.read_text(), re.M)
    return {name: int(number) for name, number in found}


def structs() -> list[str]:
    return re.findall(r"^typedef struct (volcv_\w+) \{", HEADER.read_text(), re.M)


def test_structs_are_laid_out_as_in_c(tmp_path: Path) -> None:
    lines = []
    for name in structs():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        for field, _ in ffi.typeof(name).fields:
            lines.append(f'printf("{name}.{field} %zu\\n", offsetof({name}, {field}));')
    program = tmp_path / "layout.c"
    body = "\n".join(lines)
    program.write_text(f"#include <stdio.h>\n#include <volcv.h>\nint main(void) {{\n{body}\nreturn 0;\n}}\n")
    subprocess.run(["cc", f"-I{HEADER.parent}", program, "-o", tmp_path / "layout"], check=True)
    output = subprocess.run([tmp_path / "layout"], check=True, capture_output=True, text=True).stdout
    assert len(lines) > 150
    for line in output.splitlines():
        name, size = line.split()
        struct, _, field = name.partition(".")
        found = ffi.offsetof(struct, field) if field else ffi.sizeof(struct)
        assert found == int(size), name


def test_words_stand_for_the_numbers_of_the_header() -> None:
    named: list[tuple[str, dict[str, Any]]] = [
        ("PHASE", {phase.name: index for index, phase in enumerate(_progress.PHASES)}),
        ("TASK", {state.name: index for index, state in enumerate(_tasks.STATES)}),
        ("CHARGE", {charge.name: index for index, charge in enumerate(_errors.CHARGES)}),
        ("DELIVERY", {part.name: index for index, part in enumerate(_errors.DELIVERIES)}),
        ("FORMAT", {"UNKNOWN": 0, **{name.upper(): number for number, name in _engine.FORMATS.items()}}),
    ]
    for prefix, ours in named:
        assert numbers(prefix) == ours, prefix


def test_every_number_and_every_function_is_there() -> None:
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    found = re.findall(r"^#define (VOLCV_\w+) \((-?\d+)u?\)$", text, re.M)
    assert len(found) > 100
    for name, number in found:
        assert getattr(lib, name) == int(number), name
    functions = re.findall(r"VOLCV_CALL (volcv_\w+)\(", text)
    assert len(functions) > 40
    for name in functions:
        assert getattr(lib, name), name


def test_every_error_of_c_is_a_class() -> None:
    of_hooks = {"IO", "PROTOCOL", "INTERNAL", "ABI_MISMATCH", "NOT_READY", "INTERRUPTED", "REENTRANT", "NO_RESULT"}
    for name, number in numbers("E").items():
        assert (number in _errors.CLASSES) != (name in of_hooks), name


def test_every_option_of_a_client_is_offered() -> None:
    fields = {name for name, _ in ffi.typeof("volcv_client_options").fields}
    hooks = {"struct_size", "flags", "reserved", "transport", "log", "log_user", "log_level", "on_ready", "on_ready_user"}
    hooks |= {"pixels_hooks", "extra_roots_size", "threads", "allocator"}
    ours = {**_options.SECONDS, **_options.NUMBERS, "reply_limit": "reply_limit_bytes", "ca": "extra_roots"}
    offered = {ours.get(name, name) for name in volcv.ClientOptions.__annotations__}
    assert fields - hooks <= offered | {"base_url", "api_key"}
    assert set(_pictures.FORMATS) <= set(_engine.FORMATS.values())


def test_versions() -> None:
    text = HEADER.read_text()
    assert f'#define VOLCV_VERSION "{volcv.__version__}"' in text
    assert _native.text_of(lib.volcv_version()).startswith(volcv.__version__)


def test_the_public_names_are_documented() -> None:
    for name in volcv.__all__:
        value = getattr(volcv, name)
        if name not in ("PictureLike", "ProgressCallback", "__version__"):
            assert value.__doc__, name


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package that can be spoilt."""
    package = Path(volcv.__file__).parent
    shutil.copytree(package, tmp_path / "volcv")
    return tmp_path


def spoilt(copy: Path) -> str:
    output = python("import volcv", PYTHONPATH=str(copy))
    assert output.returncode == 1
    return output.stderr.splitlines()[-1]


def test_a_missing_library(copy: Path) -> None:
    (copy / "volcv" / "libvolcv.so").unlink()
    line = spoilt(copy)
    assert line.startswith("ImportError: volcv's library is missing: there is no") and "libvolcv.so" in line


def test_a_library_of_another_system(copy: Path) -> None:
    (copy / "volcv" / "libvolcv.so").write_bytes(b"MZ")
    assert spoilt(copy).startswith("ImportError: volcv's library cannot be loaded on this system: ")


def test_a_library_of_another_version(copy: Path) -> None:
    source = "unsigned volcv_abi_version(void) { return 9; }\n"
    (copy / "other.c").write_text(source)
    target = copy / "volcv" / "libvolcv.so"
    target.unlink()
    subprocess.run(["cc", "-shared", "-fPIC", copy / "other.c", "-o", target], check=True)
    assert "has the ABI 9, but this package is made for 1" in spoilt(copy)


def test_the_source_is_no_package(copy: Path) -> None:
    (copy / "volcv" / "_cffi.py").unlink()
    assert "this is the source of volcv, not an installed package" in spoilt(copy)
