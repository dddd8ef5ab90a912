"""Programs that run in an interpreter of their own."""

import os
import subprocess
import sys
import textwrap


def run_python(program, *arguments, env=None, cwd=None, timeout=50):
    """Run `program` in a fresh interpreter, fail with its traceback, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *map(str, arguments)],
        env=os.environ | (env or {}),
        cwd=cwd,
        timeout=timeout,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout
