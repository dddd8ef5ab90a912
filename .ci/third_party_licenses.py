"""Collect the licences of every crate and table that is part of the wheel.

``python .ci/third_party_licenses.py`` rewrites THIRD-PARTY-LICENSES.txt; with ``--check`` it fails
when the file is out of date. Either way a crate whose licence is not permissive is an error.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

OUTPUT = Path("THIRD-PARTY-LICENSES.txt")
PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}
PLATFORMS = (
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
)
#: Tables of others that the extension holds: title and the file with their licence.
TABLES = {
    "Direction numbers of Joe and Kuo (BSD-3-Clause)": Path(
        "rust/core/src/qmc/JOE_KUO_LICENCE.txt"
    ),
}
HEADER = """\
The extension module hasten._core links the crates and holds the tables listed here. Each is
followed by its licence, as its authors wrote it. Made by .ci/third_party_licenses.py from
Cargo.lock; do not edit.
"""
RULE = "=" * 80


def linked_crates() -> list[dict]:
    """List the crates that the extension links on any platform for which wheels are made."""
    crates = {}
    for platform in PLATFORMS:
        crates |= crates_linked_on(platform)
    return sorted(crates.values(), key=lambda crate: (crate["name"], crate["version"]))


def crates_linked_on(platform: str) -> dict[str, dict]:
    """Walk the normal dependencies of the extension crate on one platform."""
    command = ["cargo", "metadata", "--format-version=1", "--locked"]
    command.append(f"--filter-platform={platform}")
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    todo = [key for key, package in packages.items() if package["name"] == "hasten-python"]
    seen = set(todo)
    while todo:
        for dependency in nodes[todo.pop()]["deps"]:
            key = dependency["pkg"]
            is_normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if is_normal and key not in seen and not runs_in_compiler(packages[key]):
                seen.add(key)
                todo.append(key)
    # A crate without a source is one of this workspace.
    return {key: packages[key] for key in seen if packages[key]["source"] is not None}


def runs_in_compiler(package: dict) -> bool:
    """Say whether a crate is a procedural macro, of which nothing but its output is linked."""
    return any("proc-macro" in target["kind"] for target in package["targets"])


def is_permissive(expression: str) -> bool:
    """Evaluate an SPDX expression: each term of an AND needs one permissive term of its ORs."""
    flat = expression.replace("/", " OR ").replace("(", " ").replace(")", " ")
    every = re.split(r"\s+AND\s+", flat)
    return all(
        any(term.strip() in PERMISSIVE for term in re.split(r"\s+OR\s+", part)) for part in every
    )


def licence_texts(crate: dict) -> list[str]:
    """Read the licence files that a crate ships."""
    folder = Path(crate["manifest_path"]).parent
    files = sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and re.match(r"(licen[cs]e|copying|unlicense)", path.name, re.IGNORECASE)
    )
    # One of several alternatives is enough; MIT is the shortest that asks for its text.
    chosen = [path for path in files if "mit" in path.name.lower()] or files
    return [path.read_text(encoding="utf-8").strip() for path in chosen]


def section(title: str, body: list[str]) -> str:
    """Write one title and what belongs to it."""
    return "\n\n".join([f"{RULE}\n{title}", *body]) + "\n"


def render() -> str:
    """Write the whole file."""
    parts = [HEADER]
    for crate in linked_crates():
        licence = crate["license"] or "no licence stated"
        if not is_permissive(licence):
            sys.exit(f"{crate['name']} {crate['version']}: {licence!r} is not known as permissive")
        title = f"{crate['name']} {crate['version']} ({licence})"
        body = licence_texts(crate) or [f"By {', '.join(crate['authors']) or 'its authors'}."]
        parts.append(section(title, body))
    for title, file in TABLES.items():
        parts.append(section(title, [file.read_text(encoding="utf-8").strip()]))
    return "\n".join(parts)


def main() -> None:
    """Rewrite the file or check it."""
    text = render()
    if "--check" not in sys.argv:
        OUTPUT.write_text(text, encoding="utf-8")
    elif not OUTPUT.exists() or OUTPUT.read_text(encoding="utf-8") != text:
        sys.exit(f"{OUTPUT} is out of date: run python {Path(__file__).name}")
    print(f"{text.count(RULE)} crates and tables, all permissive")


if __name__ == "__main__":
    main()
