"""Print pip constraints that pin each dependency of a pyproject.toml to its declared floor."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text())["project"]
for requirement in project["dependencies"]:
    found = re.fullmatch(r"([\w.-]+)>=([\d.]+)", requirement)
    if found is None:
        sys.exit(f"dependency {requirement!r} does not declare a floor as name>=version")
    print(f"{found[1]}=={found[2]}.*")
