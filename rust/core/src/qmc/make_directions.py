"""Pack the direction numbers of Joe and Kuo for ``include_bytes!``.

``python make_directions.py`` rewrites ``joe_kuo.bin`` from the table ``new-joe-kuo-6.21201`` as
SciPy bundles it; with ``--check`` it fails when the file differs.

Dimensions stand in the order of their primitive polynomials, so their degrees ascend. A dimension
of degree s takes s - 1 bits for the inner coefficients of its polynomial, then j - 1 bits for each
initial number m_j (odd and below 2^j, so its last bit says nothing), j = 2..s: records of one
degree have one length, and a reader finds any of them by counting. Bits fill bytes from the highest
down. The first dimension (van der Corput) has no polynomial and no record.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import scipy.stats

SOURCE = Path(scipy.stats.__file__).parent / "_sobol_direction_numbers.npz"
OUTPUT = Path(__file__).parent / "joe_kuo.bin"


def record(polynomial: int, initial: list[int]) -> str:
    """Write one dimension as a string of bits."""
    degree = polynomial.bit_length() - 1
    bits = f"{polynomial:b}"
    if bits[0] != "1" or bits[-1] != "1" or any(initial[degree:]):
        raise ValueError(f"not a primitive polynomial with its initial numbers: {polynomial}")
    fields = [bits[1:-1]]
    for j, m in enumerate(initial[:degree], start=1):
        if m % 2 == 0 or m >= 2**j:
            raise ValueError(f"m_{j} must be odd and below 2^{j}; got {m}")
        fields.append(f"{m:0{j}b}"[:-1])
    return "".join(fields)


def packed() -> bytes:
    """Pack all dimensions but the first."""
    with np.load(SOURCE) as table:
        polynomials, initial = table["poly"][1:].tolist(), table["vinit"][1:].tolist()
    degrees = [p.bit_length() for p in polynomials]
    if degrees != sorted(degrees):
        raise ValueError("degrees must ascend")
    bits = "".join(map(record, polynomials, initial))
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        if OUTPUT.read_bytes() != packed():
            sys.exit(f"{OUTPUT} is out of date: run {Path(__file__).name}")
    else:
        OUTPUT.write_bytes(packed())
