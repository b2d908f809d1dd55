"""Garbage and wrong types are a ValueError or a TypeError that names the field, before anything is sent."""

from __future__ import annotations

import io
from typing import Any

import numpy
import pytest

import volcv
from conftest import array

TYPES: list[tuple[dict[str, Any], str]] = [
    ({"picture": 7}, "picture"),
    ({"picture": None}, "picture"),
    ({"picture": io.StringIO("text")}, "picture"),
    ({"picture": array().astype(float)}, "picture"),
    ({"left": "0.5"}, "left"),
    ({"left": True}, "left"),
    ({"left": b"1"}, "left"),
    ({"steps": 1.5}, "steps"),
    ({"seed": "1"}, "seed"),
    ({"prompt": b"bytes"}, "prompt"),
    ({"prompt": 7}, "prompt"),
    ({"prompt_field": 1}, "prompt_field"),
    ({"strict": "no"}, "strict"),
    ({"keep_original": 1}, "keep_original"),
    ({"extra": [1]}, "extra"),
    ({"extra": {"a": object()}}, "extra"),
    ({"max_side": [1]}, "max_side"),
    ({"mask": 7}, "mask"),
    ({"progess": print}, "progess"),
]
VALUES: list[tuple[dict[str, Any], str]] = [
    ({"picture": b""}, "picture"),
    ({"picture": numpy.zeros((4, 4, 2), "uint8")}, "picture"),
    ({"picture": numpy.zeros((0, 4), "uint8")}, "picture"),
    ({"left": float("nan")}, "left"),
    ({"left": float("inf")}, "left"),
    ({"left": 10**400}, "left"),
    ({"left": -1}, "left"),
    ({"left": 1.01}, "left"),
    ({"scale": 0}, "scale"),
    ({"scale": 21}, "scale"),
    ({"strength": 2}, "strength"),
    ({"steps": 0}, "steps"),
    ({"steps": 2**32}, "steps"),
    ({"seed": 2**32}, "seed"),
    ({"seed": -2}, "seed"),
    ({"seed": 10**30}, "seed"),
    ({"prompt": "a\0b"}, "prompt"),
    ({"prompt": "\ud800"}, "prompt"),
    ({"prompt_field": "text"}, "prompt_field"),
    ({"extra": {"a": float("nan")}}, "extra"),
    ({"left": None}, "way to grow"),
    ({"equal": 0.5}, "way to grow"),
    ({"left": None, "aspect": "16x9"}, "aspect"),
    ({"left": None, "aspect": "16:9:1"}, "aspect"),
    ({"left": None, "size": (10,)}, "size"),
    ({"left": None, "size": (10, -1)}, "size"),
    ({"left": None, "pixels": (1, 2, 3)}, "pixels"),
    ({"left": None, "size": (99, 99), "anchor": "middle"}, "anchor"),
    ({"left": None, "size": (99, 99), "anchor": (2, 0)}, "anchor"),
    ({"left": None, "size": (99, 99), "position": (2**40, 0)}, "position"),
    ({"position": (1, 1)}, "position"),
    ({"anchor": "left"}, "anchor"),
    ({"max_passes": 0}, "max_passes"),
    ({"max_side": 100}, "max_side"),
    ({"ability": "outpaint"}, "ability"),
    ({"keep_original": True, "max_width": 100}, "max_width"),
    ({"deadline": 0}, "deadline"),
    ({"deadline": -1}, "deadline"),
]


@pytest.mark.parametrize(("options", "field"), TYPES, ids=str)
def test_wrong_types(client: volcv.Client, png: bytes, options: dict[str, Any], field: str) -> None:
    with pytest.raises(TypeError, match=field):
        client.outpaint(**{"picture": png, "left": 0.5, **options})


@pytest.mark.parametrize(("options", "field"), VALUES, ids=str)
def test_wrong_values(client: volcv.Client, png: bytes, options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        client.outpaint(**{"picture": png, "left": 0.5, **options})


def test_the_other_requests(client: volcv.Client, png: bytes) -> None:
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda: volcv.Erase(png, png, quality="X"), ValueError, "quality"),  # type: ignore[arg-type]
        (lambda: volcv.Erase(png, png, dilate=0), ValueError, "dilate"),
        (lambda: volcv.Erase(png, png, prompt="x"), TypeError, "prompt"),  # type: ignore[call-arg]
        (lambda: volcv.Inpaint(png, 5, prompt="x"), TypeError, "mask"),  # type: ignore[arg-type]
        (lambda: volcv.Call([]), TypeError, "body"),  # type: ignore[arg-type]
        (lambda: volcv.Call({}, pictures="a.png"), TypeError, "pictures"),
        (lambda: volcv.Call({}, pictures=[3]), TypeError, "pictures"),  # type: ignore[list-item]
        (lambda: volcv.Task("nonsense"), ValueError, "task"),
        (lambda: volcv.WaitTask("{}"), ValueError, "task"),
        (lambda: volcv.WaitTask(5), TypeError, "task"),  # type: ignore[arg-type]
        (lambda: volcv.SubmitTask(5), TypeError, "request"),  # type: ignore[arg-type]
        (lambda: volcv.SubmitTask(volcv.Outpaint(png, left=1), actions="x"), ValueError, "actions"),  # type: ignore[arg-type]
        (lambda: client.submit("photo.png"), TypeError, "request"),  # type: ignore[arg-type]
        (lambda: client.submit_task(volcv.Outpaint(png, size=(80, 80))), ValueError, "whole operation|one call"),
        (lambda: client.download("not a link"), volcv.VolcvError, "link|URL"),
        (lambda: client.outpaint("/nowhere/photo.png", left=1), FileNotFoundError, "nowhere"),
        (lambda: client.outpaint(b"GIF89a", left=1, keep_original=True), ValueError, "picture"),
    ]
    for make, error, field in cases:
        with pytest.raises(error, match=field):
            make()


def test_no_error_speaks_of_the_structs_of_c(client: volcv.Client, png: bytes) -> None:
    cases: list[volcv.OutpaintOptions] = [
        {"left": 0.5, "keep_original": True, "max_width": 9},
        {"size": (80, 80), "keep_original": False, "feather": 3},
    ]
    for options in cases:
        with pytest.raises(ValueError) as raised:
            client.outpaint(png, **options)
        assert "volcv_" not in str(raised.value)
