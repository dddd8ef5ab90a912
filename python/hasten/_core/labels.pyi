from typing import Any, TypeAlias

from numpy.typing import NDArray

__all__ = ["encode_integers", "encode_texts", "find_integers", "find_texts"]

_Codes: TypeAlias = NDArray[Any]  # uint32[N]

def encode_integers(
    left: NDArray[Any],  # int32, int64, uint32 or uint64 [N]
    right: NDArray[Any],  # the same dtype [M]
    /,
) -> tuple[NDArray[Any], _Codes | None, _Codes | None]: ...
def find_integers(
    items: NDArray[Any],  # int32, int64, uint32 or uint64 [n]
    left: NDArray[Any],  # the same dtype [N]
    right: NDArray[Any],  # the same dtype [M]
    /,
) -> tuple[_Codes, _Codes]: ...
def encode_texts(
    left: NDArray[Any],  # uint8 or uint32 [N * left_width]
    left_width: int,
    right: NDArray[Any],  # the same dtype [M * right_width]
    right_width: int,
    /,
) -> tuple[NDArray[Any], int, _Codes, _Codes]: ...  # items [n * width], width, codes
def find_texts(
    items: NDArray[Any],  # uint8 or uint32 [n * items_width]
    items_width: int,
    left: NDArray[Any],  # the same dtype [N * left_width]
    left_width: int,
    right: NDArray[Any],  # the same dtype [M * right_width]
    right_width: int,
    /,
) -> tuple[_Codes, _Codes]: ...
