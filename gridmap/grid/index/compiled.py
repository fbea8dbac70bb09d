"""How the engine's inner loops are compiled: to machine code, kept on disk, without the interpreter's lock, floats as IEEE 754 has them."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils, event
from numba.extending import intrinsic

from gridmap.grid.index.kept import KEPT_IN, Kept
from gridmap.settings import read_lang
from gridmap.words import say

Whole = int | np.integer[Any]  # a whole number of the machine, or Python's where the interpreter calls
TOLD_BY = logging.getLogger("gridmap.compiling")
# `fastmath` stays off: the predicates need each rounding where it is written, and not-a-number as it is.
_compile = njit(cache=KEPT_IN is not None, nogil=True, error_model="numpy", boundscheck=False)


def compiled(function: Callable[..., Any]) -> Any:
    """The function as machine code: compiled when first called, and kept in KEPT_IN."""
    settings: Any = config
    before = settings.CACHE_DIR, settings.CACHE_LOCATOR_CLASSES
    settings.CACHE_DIR, settings.CACHE_LOCATOR_CLASSES = str(KEPT_IN or ""), f"{Kept.__module__}.{Kept.__name__}"
    try:
        return _compile(function)
    finally:
        settings.CACHE_DIR, settings.CACHE_LOCATOR_CLASSES = before


class _Wait(event.Listener):
    """Tells once, as a warning of the log, that compiling has begun: whoever waits for it shall know, whatever was asked."""

    told = False

    def on_start(self, event: Any) -> None:
        ours = event.data["dispatcher"].py_func.__module__.startswith("gridmap.")
        if ours and not self.told:
            self.told = True
            TOLD_BY.warning(say("cli.compiling", read_lang()))

    def on_end(self, event: Any) -> None:
        """Nothing to tell."""


event.register("numba:compile", _Wait())


def _prefetch(typingctx: Any, array: Any, at: Any) -> Any:
    """Ask for array[at] to be brought near, without waiting for it; it changes no answer."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, args[0])
        place = builder.gep(view.data, [args[1]])
        byte = builder.bitcast(place, ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte.type, word, word, word])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(call, [byte, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), emit


def _peek(typingctx: Any, array: Any, at: Any) -> Any:
    """array[at] of a flat array, for an index that is known not to be negative: Python's wrap-around costs a decision at each read."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, args[0])
        return context.unpack_value(builder, signature.return_type, builder.gep(view.data, [args[1]]))

    return array.dtype(array, types.intp), emit


prefetch: Any = intrinsic(_prefetch)
peek: Any = intrinsic(_peek)
