"""Forked processes, and interpreters that end while something runs."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

import volcv
from conftest import KEY, Emulator, python


def test_a_forked_child_gets_a_clear_error(client: volcv.Client, png: bytes) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            client.outpaint(png, left=0.5)
        except volcv.ForkedError as error:
            code = 0 if "spawn" in str(error) else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert client.outpaint(png, left=0.5).width == 96


def test_a_child_that_was_forked_before_works(good: Emulator, png: bytes) -> None:
    code = """
import os, sys, volcv
url, picture = sys.argv[1], sys.argv[2]
if os.fork() == 0:
    with volcv.Client(url, "emulator-key") as client:
        os._exit(0 if client.outpaint(bytes.fromhex(picture), left=0.5).width == 96 else 3)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    output = python(code, good.url, png.hex())
    assert output.returncode == 0, output.stderr


@pytest.mark.parametrize("how", ["sync", "job", "async", "thread"])
def test_a_program_ends_while_calls_run(start: Callable[..., Emulator], png: bytes, how: str) -> None:
    emulator = start("stall=body", "stall=body")
    code = """
import asyncio, logging, sys, threading, volcv
logging.basicConfig(level=logging.DEBUG)
url, picture, how = sys.argv[1], bytes.fromhex(sys.argv[2]), sys.argv[3]
def wait(job):
    while job.progress().phase is not volcv.Phase.WAITING:
        pass
if how == "async":
    async def main():
        client = volcv.AsyncClient(url, "emulator-key")
        wait(await client.submit(volcv.Outpaint(picture, left=0.5)))
    asyncio.run(main())
else:
    client = volcv.Client(url, "emulator-key")
    job = client.submit(volcv.Outpaint(picture, left=0.5))
    wait(job)
    if how == "thread":
        def body():
            try: job.result()
            except volcv.VolcvError: pass
        threading.Thread(target=body, daemon=True).start()
    if how == "sync":
        try: client.outpaint(picture, left=0.5, deadline=0.1)
        except volcv.VolcvError as error: print(error.kind)
print("end")
"""
    output = python(code, emulator.url, png.hex(), how)
    assert output.returncode == 0, output.stderr
    assert output.stdout.endswith("end\n") and "Traceback" not in output.stderr, output.stderr
