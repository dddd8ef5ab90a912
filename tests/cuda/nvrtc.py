"""NVRTC from its wheel: compile CUDA C++ on a machine without a GPU."""

import ctypes
import importlib.util
import pathlib

import pytest


def wheel(name):
    """Folder of one of NVIDIA's wheels."""
    try:
        spec = importlib.util.find_spec(f"nvidia.{name}")
    except ModuleNotFoundError:
        spec = None
    if spec is None:
        pytest.fail(f"the wheel nvidia-{name.replace('_', '-')}-cu12 is not installed")
    return pathlib.Path(spec.submodule_search_locations[0])


def compile_kernels(source, arch, names, options=()):
    """Compile to PTX (``compute_XX``) or to machine code (``sm_XX``).

    Parameters
    ----------
    source : str
        CUDA C++ in one piece.
    arch : str
        Virtual or real architecture.
    names : sequence of str
        Name expressions; ``"kernel<float>"`` instantiates a template.
    options : sequence of str
        Further options of the compiler.

    Returns
    -------
    str
        The compiler's log.

    Raises
    ------
    RuntimeError
        With the log, if the source does not compile.
    """
    nvrtc = ctypes.CDLL(str(next((wheel("cuda_nvrtc") / "lib").glob("libnvrtc.so.*[0-9]"))))
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"family.cu", 0, None, None)
    for name in names:
        nvrtc.nvrtcAddNameExpression(program, name.encode())
    include = wheel("cuda_runtime") / "include"
    options = [f"--gpu-architecture={arch}", f"--include-path={include}", *options]
    argv = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
    status = nvrtc.nvrtcCompileProgram(program, len(options), argv)
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    if status != 0:
        raise RuntimeError(log.value.decode())
    return log.value.decode()
