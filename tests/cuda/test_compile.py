"""Every kernel compiles for every scalar type and architecture, to PTX and to machine code."""

import pathlib
import re
import sys

import pytest

from hasten import _core, _cuda
from hasten._cuda import FAMILIES, SCALARS

from .nvrtc import compile_kernels

SOURCES = pathlib.Path(__file__).parents[2] / "cuda"
EVERY_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
STANDARD = "--std=c++17"


def names(family, scalar):
    return [f"{kernel}<{scalar}>" for kernel in FAMILIES[family].kernels]


def test_every_source_file_is_a_family():
    """A new file without an entry of its kernels' names would never be compiled here."""
    assert {path.stem for path in SOURCES.glob("*.cu")} == set(FAMILIES)


@EVERY_FAMILY
def test_every_kernel_has_an_entry(family):
    source = (SOURCES / f"{family}.cu").read_text()
    assert set(re.findall(r"__global__\s+void\s+(\w+)\s*\(", source)) == set(
        FAMILIES[family].kernels
    )


@EVERY_FAMILY
def test_the_embedded_source_is_that_of_the_files(family):
    source = _core.cuda_source(family)
    assert source.endswith((SOURCES / f"{family}.cu").read_text())
    assert source.startswith((SOURCES / "common.cuh").read_text())
    # A local include could not be found when CuPy compiles the text.
    assert "#include" not in source


@EVERY_FAMILY
@pytest.mark.parametrize("scalar", SCALARS)
@pytest.mark.parametrize("arch", ["compute_70", "compute_80", "compute_90"])
def test_to_ptx(family, scalar, arch):
    options = (STANDARD, *FAMILIES[family].options)
    compile_kernels(_core.cuda_source(family), arch, names(family, scalar), options)


@EVERY_FAMILY
@pytest.mark.parametrize("scalar", SCALARS)
@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
def test_to_machine_code_without_spills(family, scalar, arch):
    """Some errors appear only here, among them too much static shared memory."""
    options = (STANDARD, "--ptxas-options=-v", *FAMILIES[family].options)
    log = compile_kernels(_core.cuda_source(family), arch, names(family, scalar), options)
    spills = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", log)
    assert spills == [("0", "0")] * len(FAMILIES[family].kernels), log


def test_an_error_is_reported_with_its_line():
    with pytest.raises(
        RuntimeError, match=r'family\.cu\(1\): error: identifier "oops" is undefined'
    ):
        compile_kernels("__global__ void f(float* x) { *x = oops; }", "sm_80", [])


def test_an_unknown_family_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"`family` must be one of \"random\"; got \"nosuch\""):
        _core.cuda_source("nosuch")


def test_without_cupy_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    _cuda.module.cache_clear()
    with pytest.raises(ImportError, match=r"pip install hasten\[cuda12\]"):
        _cuda.module("random")
