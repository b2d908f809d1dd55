"""Validates a CycloneDX 1.6 file: its schema, its SPDX licences, its package URLs."""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing
from packageurl import PackageURL

text = open(sys.argv[1], encoding="utf-8").read()
if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
    sys.exit(f"{sys.argv[1]}: {error}")
spdx = get_spdx_licensing()
for component in json.loads(text)["components"]:
    PackageURL.from_string(component["purl"])
    for licence in component["licenses"]:
        if errors := spdx.validate(licence["expression"]).errors:
            sys.exit(f"{component['name']}: {errors}")
