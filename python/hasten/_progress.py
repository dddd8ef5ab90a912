"""`progress=True`: a callback that feeds a tqdm bar."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from hasten._validation import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress_bar(
    callback: Callable[[Any], object] | None, title: str, *, show: bool
) -> Iterator[Callable[[Any], object] | None]:
    """Yield the callback to hand to a solver: the user's own, with a bar around it if asked.

    Parameters
    ----------
    callback : callable or None
        The user's callback.
    title : str
        What the bar says.
    show : bool
        Whether to draw a bar.

    Yields
    ------
    callable or None
        None when nobody listens, so that a solve without a callback pays nothing.

    Raises
    ------
    TypeError
        When `callback` is not callable.
    """
    if callback is not None and not callable(callback):
        raise TypeError(f"`callback` must be callable or None; got {shown(callback)}")
    if not show:
        yield callback
        return

    from tqdm.auto import tqdm

    with tqdm(desc=title, unit=" passes") as bar:

        def listen(info: Any) -> object:
            # The text first: `update` decides whether it is time to draw.
            bar.set_postfix_str(f"error {info.error:.1e}", refresh=False)
            bar.update(info.n_iter - bar.n)
            return None if callback is None else callback(info)

        yield listen
