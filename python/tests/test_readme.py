"""Every program of the README runs, in a folder of its own and against an emulator."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy
import PIL.Image
import pytest

from conftest import KEY, Emulator, array, python

README = Path(os.environ["VOLCV_README"]).read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^## ([^\n]+)$(?:(?!^## ).)*?^```python\n(.*?)^```$", README, re.M | re.S)


def test_the_programs_were_found() -> None:
    assert len(PROGRAMS) == README.count("```python") >= 8


@pytest.mark.parametrize(("title", "program"), PROGRAMS, ids=[title for title, _ in PROGRAMS])
def test_a_program_of_the_readme(good: Emulator, tmp_path: Path, title: str, program: str) -> None:
    PIL.Image.fromarray(array(160, 128)).save(tmp_path / "photo.jpg")
    mask = numpy.zeros((128, 160), numpy.uint8)
    mask[:, 80:] = 255
    PIL.Image.fromarray(mask).save(tmp_path / "mask.png")
    program = f"import os\nos.chdir({str(tmp_path)!r})\n{program}"
    output = python(program, VOLCV_BASE_URL=good.url, VOLCV_API_KEY=KEY, PYTHONWARNINGS="error")
    assert output.returncode == 0, output.stderr
    assert "Traceback" not in output.stderr and output.stdout + "".join(os.listdir(tmp_path))
