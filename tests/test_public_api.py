"""The front doors: every package's `__all__` is what it offers, and opening one stays cheap."""

import doctest
import importlib
import subprocess
import sys

import pytest

import detente

PACKAGES = [
    "detente",
    "detente.domain",
    "detente.geodesy",
    "detente.screening",
    "detente.record",
    "detente.hazard",
    "detente.interop",
]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_a_package_offers_exists_and_is_listed_once(package):
    module = importlib.import_module(package)
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_the_example_in_the_front_door_runs():
    assert doctest.testmod(detente).attempted > 5
    assert doctest.testmod(detente).failed == 0


@pytest.mark.parametrize("heavy", ["numpy", "shapely", "pyproj", "numba", "s2geometry", "openpyxl", "click"])
def test_importing_detente_imports_nothing_heavy(heavy):
    code = f"import sys, detente, detente.domain; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_name_that_does_not_exist_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'sceren'"):
        detente.sceren  # noqa: B018


@pytest.mark.parametrize("door", ["detente.cli.screen", "detente.cli.read", "detente.record", "detente.cli.key"])
def test_cryptography_is_loaded_only_to_sign_verify_or_open_a_key(door):
    code = f"import sys, {door}; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
