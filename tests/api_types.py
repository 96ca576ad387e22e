"""The page's types of the REST API, from its schema: web/src/api/schema.d.ts.

python -m tests.api_types --write
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TYPES = ROOT / "web" / "src" / "api" / "schema.d.ts"
GENERATOR = ROOT / "web" / "node_modules" / "openapi-typescript" / "bin" / "cli.js"


def can_generate() -> bool:
    return shutil.which("node") is not None and GENERATOR.is_file()


def generated() -> str:
    """What openapi-typescript makes of the schema as it is now.

    Paths are left out: the page names them itself, and asks for the bodies' types only.
    """
    from drf_spectacular.generators import SchemaGenerator

    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    schemas = schema["components"]["schemas"]
    bodies = {**schema, "paths": {}, "components": {"schemas": schemas}}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "schema.json")
        source.write_text(json.dumps(bodies), encoding="utf-8")
        # A field with a default may be left out of a request.
        options = ["--default-non-nullable", "false"]
        done = subprocess.run(
            ["node", str(GENERATOR), str(source), *options],
            cwd=ROOT / "web",
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    return done.stdout


def main(arguments: list[str]) -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    if arguments == ["--write"]:
        TYPES.write_text(generated(), encoding="utf-8")
    else:
        sys.stdout.write(generated())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
