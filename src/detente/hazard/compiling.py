"""The kernels, compiled or as they stand: numba is imported when there is enough to do."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from types import FunctionType, ModuleType
from typing import Any, Final

from detente.hazard import kernels

FEW_CELLS: Final = 20_000  # so many are swept interpreted before numba would be imported


def kernels_for(cells: int) -> ModuleType:
    """The module of kernels that has so many cells done first."""
    return kernels if cells <= FEW_CELLS else compiled()


@cache
def compiled() -> ModuleType:
    """The module `kernels` once more, compiled; from the disk cache where one can be kept, else anew in each process."""
    spec = spec_from_file_location("detente.hazard.kernels_compiled", kernels.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # numba's cache finds its globals by the module's name
    spec.loader.exec_module(module)
    for name, function in list(vars(module).items()):
        if isinstance(function, FunctionType):
            setattr(module, name, _jitted(function))
    return module


def _jitted(function: FunctionType) -> Any:
    import numba

    try:
        return numba.njit(function, nogil=True, cache=True, error_model="numpy")
    except RuntimeError:  # numba finds no folder it could keep a cache in
        return numba.njit(function, nogil=True, error_model="numpy")
