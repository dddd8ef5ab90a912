"""What is installed and what the machine offers, for bug reports."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import TextIO

_REQUIRED = ("numpy", "scipy", "scikit-learn", "joblib", "tqdm", "lazy-loader")
_OPTIONAL = ("matplotlib", "pandas", "polars", "pyarrow")
_CUPY = ("cupy-cuda13x", "cupy-cuda12x", "cupy")


def show_versions(file: TextIO | None = None) -> None:
    """Print the versions and the machine that a bug report should name.

    Parameters
    ----------
    file : file object, optional
        Where to print; standard output by default.

    Examples
    --------
    >>> import hasten
    >>> hasten.show_versions()  # doctest: +ELLIPSIS
    hasten            ...
    """
    for name, value in versions().items():
        print(f"{name:<17} {value}", file=file)


def versions() -> dict[str, str]:
    """Return what `show_versions` prints, in order.

    Returns
    -------
    dict of str to str
        Name to version, or to a few words.
    """
    from hasten._core import __version__, simd
    from hasten._threads import get_num_threads

    answer = {
        "hasten": __version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(),
        "instruction set": simd.level(),
        "threads": str(get_num_threads()),
    }
    for name in _REQUIRED:
        answer[name] = _version(name) or "missing"
    for name in _OPTIONAL:
        answer[name] = _version(name) or "not installed"
    answer["cupy"] = next((v for v in map(_version, _CUPY) if v is not None), "not installed")
    answer["GPU"] = _gpu() if answer["cupy"] != "not installed" else "not looked for without cupy"
    return answer


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gpu() -> str:
    # A broken driver must not keep a bug report from being written, whatever it raises.
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
        names = [cupy.cuda.runtime.getDeviceProperties(k)["name"].decode() for k in range(count)]
    except Exception as problem:  # noqa: BLE001
        return f"none ({type(problem).__name__}: {problem})"
    return ", ".join(names) or "none"
