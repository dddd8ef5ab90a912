"""Compiled functions that a solver calls without the interpreter: who they are and what they take.

A function may come as a `scipy.LowLevelCallable`, as a function pointer of ctypes or as a numba
`@cfunc`. It is called from several threads at once and must not touch Python objects.
"""

from __future__ import annotations

import re
import struct
import sys
from dataclasses import dataclass
from typing import Any

from hasten._validation import shown

#: The accepted signatures, by the name of their form in the core.
SIGNATURES = {
    "scalar": "double (double)",
    "scalar_data": "double (double, void *)",
    "row": "double (int, double *)",
    "row_data": "double (int, double *, void *)",
    "batch": "void (int64, double *, double *, void *)",
}

_FORMS = {signature: form for form, signature in SIGNATURES.items()}
_LONG = "int64" if struct.calcsize("l") == 8 else "int"
_TYPES = {
    **dict.fromkeys(("double", "float64"), "double"),
    **dict.fromkeys(("int", "intc", "int32", "int32_t"), "int"),
    **dict.fromkeys(("int64", "int64_t", "long long", "longlong", "npy_int64"), "int64"),
    **dict.fromkeys(("void", "none", "None", "NoneType"), "void"),
    "long": _LONG,
    "voidptr": "void *",
}
#: The flag of ctypes functions that expect to hold the interpreter.
_PYTHON_API = 4


@dataclass(frozen=True, eq=False, kw_only=True)
class CompiledFunction:
    """A C function with its user data, and what keeps both alive.

    Attributes
    ----------
    form : str
        Key of `SIGNATURES`.
    address : int
        Of the function.
    user_data : int
        Address that the function is given as its last argument; 0 for none.
    owner : object
        Whatever must live as long as the function is called.
    """

    form: str
    address: int
    user_data: int
    owner: Any

    @property
    def handle(self) -> tuple[str, int, int]:
        """Return what the core takes.

        Returns
        -------
        tuple
            Form, address and user data.
        """
        return self.form, self.address, self.user_data

    @property
    def takes_rows(self) -> bool:
        """Say whether the function takes more than one number.

        Returns
        -------
        bool
            False for ``double (double)`` and ``double (double, void *)``.
        """
        return not self.form.startswith("scalar")

    def check_width(self, n_axes: int, n_args: int, name: str = "f") -> None:
        """Refuse points of several numbers for a function of one.

        Parameters
        ----------
        n_axes : int
            Coordinates of a point.
        n_args : int
            Parameters that follow them.
        name : str, default "f"
            Name of the argument, for messages.

        Raises
        ------
        ValueError
            When the function takes one number only.
        """
        if n_axes + n_args > 1 and not self.takes_rows:
            rows = [text for form, text in SIGNATURES.items() if not form.startswith("scalar")]
            raise ValueError(
                f"`{name}` must have one of the signatures {'; '.join(rows)} for {n_axes} axes and "
                f"{n_args} args; got {SIGNATURES[self.form]}"
            )


def compiled_function(f: Any, name: str = "f") -> CompiledFunction | None:
    """Return the C function in an object, or None when it is something else.

    Parameters
    ----------
    f : object
        What the caller passed as a function.
    name : str, default "f"
        Name of the argument, for messages.

    Returns
    -------
    CompiledFunction or None
        None for every object that is not a compiled function.

    Raises
    ------
    ValueError
        When the signature is none of the accepted ones, or the function needs the interpreter.
    """
    module = sys.modules.get("scipy._lib._ccallback")
    if module is not None and isinstance(f, module.LowLevelCallable):
        _refuse_python_api(f.function, name)
        return _from_capsule(f, tuple.__getitem__(f, 0), name)
    module = sys.modules.get("ctypes")
    if module is not None and isinstance(f, module._CFuncPtr):
        _refuse_python_api(f, name)
        return _make(f, _ctypes_signature(f), module.cast(f, module.c_void_p).value, 0, name)
    signature: Any = getattr(f, "_sig", None) or getattr(f, "signature", None)
    address = getattr(f, "address", None)
    if hasattr(signature, "return_type") and isinstance(address, int):
        text = f"{signature.return_type} ({', '.join(str(kind) for kind in signature.args)})"
        return _make(f, text, address, 0, name)
    return None


def _make(
    owner: Any, signature: str, address: int | None, user_data: int, name: str
) -> CompiledFunction:
    form = _FORMS.get(_canonical(signature))
    if form is None:
        accepted = "; ".join(SIGNATURES.values())
        raise ValueError(f"`{name}` must have one of the signatures {accepted}; got {signature}")
    if not address:
        raise ValueError(f"`{name}` must be a compiled function; got a null pointer")
    return CompiledFunction(form=form, address=address, user_data=user_data, owner=owner)


def _canonical(signature: str) -> str:
    """Write a signature as those of `SIGNATURES` are written."""
    found = re.fullmatch(r"\s*([^()]*?)\s*\((.*)\)\s*", signature)
    if found is None:
        return signature
    arguments = ", ".join(_canonical_type(kind) for kind in found[2].split(","))
    return f"{_canonical_type(found[1])} ({arguments})"


def _canonical_type(kind: str) -> str:
    stars = kind.count("*")
    words = [word for word in kind.replace("*", " ").split() if word != "const"]
    base = " ".join(words)
    base = _TYPES.get(base, base)
    return f"{base} {'*' * stars}" if stars else base


def _refuse_python_api(function: Any, name: str) -> None:
    if getattr(type(function), "_flags_", 0) & _PYTHON_API:
        raise ValueError(
            f"`{name}` must be a function that runs without the interpreter; got {shown(function)} "
            "of ctypes.PYFUNCTYPE"
        )


def _ctypes_signature(function: Any) -> str:
    arguments = ", ".join(_ctypes_type(kind) for kind in function.argtypes or ())
    return f"{_ctypes_type(function.restype)} ({arguments})"


def _ctypes_type(kind: Any) -> str:
    text = getattr(kind, "__name__", str(kind))
    stars = text.count("LP_")
    text = text.replace("LP_", "").removeprefix("c_")
    if text == "void_p":
        return "void *"
    return f"{text} {'*' * stars}" if stars else text


def _from_capsule(owner: Any, capsule: Any, name: str) -> CompiledFunction:
    import ctypes

    # Prototypes of our own: setting types on `pythonapi` would change them for everybody.
    get_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(
        ("PyCapsule_GetName", ctypes.pythonapi)
    )
    get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    get_context = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(
        ("PyCapsule_GetContext", ctypes.pythonapi)
    )
    signature: bytes = get_name(capsule)
    address = get_pointer(capsule, signature)
    return _make(owner, signature.decode(), address, get_context(capsule) or 0, name)
