"""Compiled functions are recognised by their signature, everything else is refused or passed."""

import ctypes
import math
import types

import pytest
from scipy import LowLevelCallable
from scipy.special import cython_special

from hasten._callbacks import SIGNATURES, compiled_function

DOUBLE, INT, LONG = ctypes.c_double, ctypes.c_int, ctypes.c_int64
ROW, DATA = ctypes.POINTER(DOUBLE), ctypes.c_void_p

PROTOTYPES = {
    "scalar": ctypes.CFUNCTYPE(DOUBLE, DOUBLE),
    "scalar_data": ctypes.CFUNCTYPE(DOUBLE, DOUBLE, DATA),
    "row": ctypes.CFUNCTYPE(DOUBLE, INT, ROW),
    "row_data": ctypes.CFUNCTYPE(DOUBLE, INT, ROW, DATA),
    "batch": ctypes.CFUNCTYPE(None, LONG, ROW, ROW, DATA),
}


def _address(function):
    return ctypes.cast(function, ctypes.c_void_p).value


@pytest.mark.parametrize("form", PROTOTYPES)
def test_function_pointers_of_ctypes(form):
    function = PROTOTYPES[form](lambda *_: 0.0)
    found = compiled_function(function)
    assert (found.form, found.address, found.user_data) == (form, _address(function), 0)
    assert found.owner is function
    assert found.handle == (form, found.address, 0)
    assert found.takes_rows == (not form.startswith("scalar"))


@pytest.mark.parametrize("form", PROTOTYPES)
def test_low_level_callables_with_and_without_user_data(form):
    function = PROTOTYPES[form](lambda *_: 0.0)
    found = compiled_function(LowLevelCallable(function))
    assert (found.form, found.address, found.user_data) == (form, _address(function), 0)
    number = ctypes.c_double(2.0)
    data = ctypes.cast(ctypes.pointer(number), ctypes.c_void_p)
    found = compiled_function(LowLevelCallable(function, data))
    assert (found.form, found.user_data) == (form, ctypes.addressof(number))


def test_the_signature_may_be_written_by_hand():
    function = PROTOTYPES["row"](lambda *_: 0.0)
    for text in ("double(int,double*)", "double (int32_t, const double *)"):
        assert compiled_function(LowLevelCallable(function, signature=text)).form == "row"


def test_functions_of_a_library():
    library = ctypes.CDLL(None)
    library.sin.restype, library.sin.argtypes = DOUBLE, [DOUBLE]
    found = compiled_function(LowLevelCallable(library.sin))
    assert found.form == "scalar"
    assert PROTOTYPES["scalar"](found.address)(0.5) == math.sin(0.5)


def _like_numba(returns, *arguments, attribute="_sig"):
    """Build an object with what `numba.cfunc` has: types print as their name."""
    signature = types.SimpleNamespace(return_type=returns, args=arguments)
    return types.SimpleNamespace(address=4096, **{attribute: signature})


@pytest.mark.parametrize("attribute", ["_sig", "signature"])
def test_functions_of_numba(attribute):
    signatures = {
        "scalar": ("float64", "float64"),
        "scalar_data": ("float64", "float64", "void*"),
        "row": ("float64", "int32", "float64*"),
        "row_data": ("float64", "int32", "float64*", "void*"),
        "batch": ("none", "int64", "float64*", "float64*", "void*"),
    }
    for form, signature in signatures.items():
        found = compiled_function(_like_numba(*signature, attribute=attribute))
        assert (found.form, found.address, found.user_data) == (form, 4096, 0)


@pytest.mark.parametrize(
    "function",
    [
        ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float)(lambda x: x),
        ctypes.CFUNCTYPE(DOUBLE)(lambda: 0.0),
        ctypes.CFUNCTYPE(DOUBLE, DOUBLE, DOUBLE)(lambda x, _: x),
        ctypes.CFUNCTYPE(DOUBLE, LONG, ROW)(lambda *_: 0.0),
        ctypes.CFUNCTYPE(DOUBLE, LONG, ROW, ROW, DATA)(lambda *_: 0.0),
        ctypes.CDLL(None).cos,
        _like_numba("float32", "float32"),
        _like_numba("float64", "uint32", "float64*"),
        LowLevelCallable.from_cython(cython_special, "j0"),
        LowLevelCallable.from_cython(cython_special, "__pyx_fuse_1expit"),
    ],
)
def test_other_signatures_are_refused_with_the_list_of_accepted_ones(function):
    with pytest.raises(ValueError, match="`f` must have one of the signatures") as raised:
        compiled_function(function)
    assert all(signature in str(raised.value) for signature in SIGNATURES.values())


def test_functions_that_need_the_interpreter_are_refused():
    function = ctypes.PYFUNCTYPE(DOUBLE, DOUBLE)(lambda x: x)
    for given in (function, LowLevelCallable(function)):
        with pytest.raises(ValueError, match="without the interpreter"):
            compiled_function(given)


def test_a_null_pointer_is_refused():
    with pytest.raises(ValueError, match="null pointer"):
        compiled_function(PROTOTYPES["scalar"]())


@pytest.mark.parametrize("f", [None, math.sin, lambda x: x, 3, "sin", object()])
def test_everything_else_is_no_compiled_function(f):
    assert compiled_function(f) is None


def test_a_function_of_one_number_cannot_take_more():
    scalar = compiled_function(PROTOTYPES["scalar"](lambda x: x))
    scalar.check_width(1, 0)
    with pytest.raises(ValueError, match=r"for 2 axes and 0 args; got double \(double\)"):
        scalar.check_width(2, 0)
    with pytest.raises(ValueError, match="for 1 axes and 1 args"):
        scalar.check_width(1, 1)
    compiled_function(PROTOTYPES["row"](lambda *_: 0.0)).check_width(5, 3)
