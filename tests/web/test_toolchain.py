"""What web/ is built with: which Node will do, and that npm installs what the lock file names by hash, from wherever it is set to ask."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
PACKAGES = {name: each for name, each in LOCK["packages"].items() if name}


def script():
    spec = importlib.util.spec_from_file_location("web", ROOT / "scripts" / "web.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("version", ["v20.19.0\n", "v20.20.2\n", "v22.12.0", "v24.0.0", "v26.3.1"])
def test_a_node_that_vite_takes_will_do(version):
    assert script().will_do(version)


@pytest.mark.parametrize("version", ["", "v18.20.4", "v20.18.9", "v21.9.0", "v22.11.0", "v23.5.0", "20.19.0", "v20"])
def test_an_older_one_or_one_between_will_not(version):
    assert not script().will_do(version)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_named_by_its_hash_and_not_by_where_it_came_from(name):
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", PACKAGES[name]["integrity"])
    assert "resolved" not in PACKAGES[name]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_permissively_licensed(name):
    permissive = {
        "MIT",
        "ISC",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "0BSD",
        "BlueOak-1.0.0",
        "Python-2.0",
        "CC0-1.0",
        "Unlicense",
    }
    assert set(re.findall(r"[\w.\-]+", PACKAGES[name]["license"])) - {"OR", "AND"} <= permissive | {"MPL-2.0"}


def test_what_the_lock_names_is_what_is_asked_for():
    asked = json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))
    assert LOCK["packages"][""]["devDependencies"] == asked["devDependencies"]
    assert LOCK["packages"][""]["dependencies"] == asked["dependencies"]
