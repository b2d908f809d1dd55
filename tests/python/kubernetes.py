"""Reads files of Kubernetes with YAML 1.1, checks them against what the API takes, and prints the command of each container as JSON.

The lists are the parts of Kubernetes' API (batch/v1 Job, v1 Secret and Pod, version 1.33) that the examples use: a member that is not
in them is a mistake, as `kubectl apply --validate=strict` would say.
"""

import json
import sys

import yaml

INT, TEXT = int, str

POD = {
    "restartPolicy": ("Never",),
    "terminationGracePeriodSeconds": INT,
    "containers": [
        {
            "name": TEXT,
            "image": TEXT,
            "workingDir": TEXT,
            "command": [TEXT],
            "envFrom": [{"secretRef": {"name": TEXT}}],
            "resources": {"requests": {"cpu": TEXT, "memory": TEXT}, "limits": {"memory": TEXT}},
            "volumeMounts": [{"name": TEXT, "mountPath": TEXT}],
        }
    ],
    "volumes": [{"name": TEXT, "persistentVolumeClaim": {"claimName": TEXT}}],
}

RULES = [
    {
        "action": ("FailJob", "FailIndex", "Ignore", "Count"),
        "onExitCodes": {"containerName": TEXT, "operator": ("In", "NotIn"), "values": [INT]},
    }
]

JOB = {
    "apiVersion": ("batch/v1",),
    "kind": ("Job",),
    "metadata": {"name": TEXT},
    "spec": {
        "completionMode": ("Indexed", "NonIndexed"),
        "completions": INT,
        "parallelism": INT,
        "backoffLimit": INT,
        "backoffLimitPerIndex": INT,
        "podFailurePolicy": {"rules": RULES},
        "template": {"spec": POD},
    },
}

SECRET = {
    "apiVersion": ("v1",),
    "kind": ("Secret",),
    "metadata": {"name": TEXT},
    "type": ("Opaque",),
    "stringData": {"VOLCV_BASE_URL": TEXT, "VOLCV_API_KEY": TEXT, "VOLCV_LEDGER": TEXT},
}

OPTIONAL = {"completionMode", "completions", "backoffLimit", "backoffLimitPerIndex"}


def check(value, shape, place):
    """Fails with the place of the first mistake."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), f"{place}: an object is expected"
        assert not value.keys() - shape.keys(), f"{place}: unknown members {value.keys() - shape.keys()}"
        assert not shape.keys() - value.keys() - OPTIONAL, f"{place}: {shape.keys() - value.keys() - OPTIONAL} is missing"
        for name, member in value.items():
            check(member, shape[name], f"{place}.{name}")
    elif isinstance(shape, list):
        assert isinstance(value, list) and value, f"{place}: a list is expected"
        for index, member in enumerate(value):
            check(member, shape[0], f"{place}[{index}]")
    elif isinstance(shape, tuple):
        assert value in shape, f"{place}: {value!r} is none of {shape}"
    else:
        assert type(value) is shape, f"{place}: {value!r} is not of type {shape.__name__}"


def check_job(job, place):
    """Rules that the API server checks beyond the types."""
    spec = job["spec"]
    pod = spec["template"]["spec"]
    is_indexed = spec.get("completionMode") == "Indexed"
    assert not is_indexed or "completions" in spec, f"{place}: an Indexed job needs completions"
    assert "backoffLimitPerIndex" not in spec or is_indexed, f"{place}: backoffLimitPerIndex is for Indexed jobs"
    names = {container["name"] for container in pod["containers"]}
    for rule in spec["podFailurePolicy"]["rules"]:
        codes = rule["onExitCodes"]
        assert rule["action"] != "FailIndex" or "backoffLimitPerIndex" in spec, f"{place}: FailIndex"
        assert codes["containerName"] in names, f"{place}: no container {codes['containerName']}"
        assert codes["values"] == sorted(set(codes["values"])) and 0 not in codes["values"], f"{place}: exit codes"
    volumes = {volume["name"] for volume in pod["volumes"]}
    mounted = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}
    assert volumes == mounted, f"{place}: volumes {volumes}, mounted {mounted}"


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            documents = list(yaml.safe_load_all(file))
        for document in documents:
            place = f"{path}: {document['kind']}"
            check(document, SECRET if document["kind"] == "Secret" else JOB, place)
            if document["kind"] == "Job":
                check_job(document, place)
                for container in document["spec"]["template"]["spec"]["containers"]:
                    print(json.dumps({"file": path, "completions": document["spec"].get("completions"), "command": container["command"]}))


main()
