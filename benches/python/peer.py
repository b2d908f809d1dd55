"""The peer of the bench that is the official Python SDK (`volcengine` on PyPI), called as its own examples do:
`peer.py URL BYTES`, then lines of `ROUNDS AT_ONCE` on standard input."""

import base64
import random
import sys
from concurrent.futures import ThreadPoolExecutor

from volcengine.visual.VisualService import VisualService


def main():
    url, size = sys.argv[1], int(sys.argv[2])
    scheme, host = url.split("://")
    service = VisualService()
    service.set_scheme(scheme)
    service.set_host(host)
    service.set_ak("bench")
    service.set_sk("key")
    # The SDK does not look into it.
    picture = random.Random(1).randbytes(size)

    def call():
        form = {
            "req_key": "i2i_outpainting",
            "custom_prompt": "a lake at dawn",
            "seed": 7,
            "left": 0.5,
            "right": 0.5,
            "top": 0.0,
            "bottom": 0.0,
            "binary_data_base64": [base64.b64encode(picture).decode()],
        }
        reply = service.cv_process(form)
        assert reply["code"] == 10000, reply["code"]
        result = base64.b64decode(reply["data"]["binary_data_base64"][0])
        assert len(result) == size, "the picture came back whole"
        return result

    for line in sys.stdin:
        rounds, at_once = map(int, line.split())
        for _ in range(rounds):
            if at_once == 1:
                call()
                continue
            with ThreadPoolExecutor(at_once) as threads:
                results = [future.result() for future in [threads.submit(call) for _ in range(at_once)]]
            assert len(results) == at_once
        print("done", flush=True)


main()
