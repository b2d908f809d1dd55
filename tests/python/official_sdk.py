"""The official Python SDK: as a client of a server that stands in for the service, and as a signer beside volcv's.

official_sdk.py calls HOST < KEYS
    makes calls and tasks through VisualService. KEYS is a JSON object with `permanent` (access key, secret key) and
    `temporary` (access key, secret key, session token), and `picture`, a picture as base64. It prints a JSON object for each
    call, one a line: `step`, and `reply` or `error`.
official_sdk.py sign SEED COUNT
    signs COUNT random requests and prints them with their headers, one JSON object a line. A seed gives the same requests in
    each run.
"""

import datetime
import json
import random
import sys
from collections import OrderedDict

from volcengine.auth.SignerV4 import SignerV4
from volcengine.auth.SignParam import SignParam
from volcengine.Credentials import Credentials
from volcengine.visual.VisualService import VisualService


def show(step, call):
    try:
        print(json.dumps({"step": step, "reply": call()}), flush=True)
    except Exception as error:  # The SDK raises nothing more precise.
        print(json.dumps({"step": step, "error": str(error)}), flush=True)


def service(host, access_key, secret_key, session_token=""):
    client = VisualService()
    client.set_scheme("http")
    client.set_host(host)
    client.set_ak(access_key)
    client.set_sk(secret_key)
    client.set_session_token(session_token)
    return client


def calls(host):
    keys = json.load(sys.stdin)
    sides = {"top": 0.25, "bottom": 0.25, "left": 0.5, "right": 0.5}
    form = {"req_key": "i2i_outpainting", "custom_prompt": "蓝色的海洋", "binary_data_base64": [keys["picture"]], **sides}
    client = service(host, *keys["permanent"])
    show("img2img_outpainting", lambda: client.img2img_outpainting(dict(form)))
    show("cv_process", lambda: client.cv_process(dict(form)))
    show("refused prompt", lambda: client.cv_process({**form, "custom_prompt": "[refuse:50412]"}))

    for name, submit, result in [
        ("sync2async", client.cv_sync2async_submit_task, client.cv_sync2async_get_result),
        ("plain", client.cv_submit_task, client.cv_get_result),
    ]:
        task = submit(dict(form))["data"]["task_id"]
        poll = {"req_key": form["req_key"], "task_id": task, "req_json": json.dumps({"return_url": False})}
        for _ in range(10):
            reply = result(dict(poll))
            print(json.dumps({"step": name, "reply": reply}), flush=True)
            if reply["data"]["status"] not in ("in_queue", "generating"):
                break
    task = client.cv_sync2async_submit_task(dict(form))["data"]["task_id"]
    show("cancel", lambda: client.cv_cancel_task({"req_key": form["req_key"], "task_id": task}))

    access_key, secret_key = keys["permanent"]
    client = service(host, access_key, secret_key + "x")
    show("wrong secret key", lambda: client.cv_process(dict(form)))
    access_key, secret_key, token = keys["temporary"]
    client = service(host, access_key, secret_key, token)
    show("session token", lambda: client.cv_process(dict(form)))
    client = service(host, access_key, secret_key)
    show("no session token", lambda: client.cv_process(dict(form)))


LETTERS = "abcXYZ019-_.~+*/ =&?%#:;,'\"()[]{}<>|\\^`!$@中文é😀ßЖ\t"
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
HOSTS = ["visual.volcengineapi.com", "localhost", "127.0.0.1", "xn--fiq228c.example"]
PORTS = ["", "", ":80", ":443", ":8080", ":8443", ":65535"]
PATHS = ["/", "/", "/", "/a/b", "/a b/", "/中文/~x", "/a+b*c", "/a%2Fb", "//", "/-_.~/'(x)"]
BODIES = ["", "{}", '{"req_key":"i2i_outpainting"}', '{"custom_prompt":"蓝色的海洋 😀"}', "\r\n\t{ }"]


def text(dice, low, high, letters=LETTERS):
    return "".join(dice.choice(letters) for _ in range(dice.randint(low, high)))


def inputs(dice):
    """One request before it is signed. Action and Version are always there, as the service wants them."""
    query = [("Action", "CVProcess"), ("Version", "2022-08-31")]
    names = {text(dice, 1, 12) for _ in range(dice.randint(0, 5))} - {"Action", "Version"}
    query += [(name, dice.choice(["", " ", "+", "*", "~", "a/b", text(dice, 0, 30)])) for name in sorted(names)]
    dice.shuffle(query)
    seconds = dice.randint(0, 4102444799)
    return {
        "method": dice.choice(["POST", "POST", "GET", "PUT"]),
        "host": dice.choice(HOSTS) + dice.choice(PORTS),
        "path": dice.choice(PATHS),
        "query": query,
        "content_type": dice.choice(["application/json", "application/json; charset=utf-8", "text/plain"]),
        "body": dice.choice(BODIES),
        "access_key": "AK" + text(dice, 0, 40, BASE64[:62]),
        "secret_key": text(dice, 1, 80, BASE64 + "==~!"),
        "session_token": dice.choice([None, "STS", text(dice, 1, 60, BASE64), text(dice, 2000, 6000, BASE64) + "=="]),
        "region": dice.choice(["cn-north-1", "cn-north-1", "cn-beijing", "ap-southeast-1"]),
        "service": dice.choice(["cv", "cv", "cv", "iam"]),
        "seconds": seconds,
    }


def signed(request):
    param = SignParam()
    param.set_method(request["method"])
    param.set_host(request["host"])
    param.set_path(request["path"])
    param.set_query(OrderedDict(request["query"]))
    param.set_body(request["body"])
    param.set_date(datetime.datetime.fromtimestamp(request["seconds"], datetime.timezone.utc))
    param.set_header_list(OrderedDict([("Content-Type", request["content_type"]), ("Host", request["host"])]))
    token = request["session_token"] or ""
    keys = Credentials(request["access_key"], request["secret_key"], request["service"], request["region"], token)
    result = SignerV4.sign_only(param, keys)
    headers = {"X-Date": result.xdate, "X-Content-Sha256": result.xContextSha256, "Authorization": result.authorization}
    if token:
        headers["X-Security-Token"] = result.xSecurityToken
    return {**request, "headers": headers}


def sign(seed, count):
    dice = random.Random(seed)
    for _ in range(count):
        print(json.dumps(signed(inputs(dice))))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["calls", host]:
            calls(host)
        case ["sign", seed, count]:
            sign(int(seed), int(count))
        case _:
            sys.exit(__doc__)
