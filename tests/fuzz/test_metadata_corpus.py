"""Inputs that fuzzing found, through the same checks on every test run."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from farm.errors import InvalidInputError
from farm.imagery.metadata_safe import read_safe_metadata

if TYPE_CHECKING:
    from types import ModuleType

CORPUS = Path(__file__).parents[2] / "rust_services/fuzz/corpus"


def _checks() -> ModuleType:
    """Load the module beside this one; tests are no package."""
    place = Path(__file__).with_name("metadata_checks.py")
    spec = importlib.util.spec_from_file_location("metadata_checks", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("target", "check"), [("stac_items", "check_stac_item"), ("safe_xml", "check_safe_xml")]
)
def test_metadata_is_read_or_refused(target: str, check: str) -> None:
    inputs = sorted((CORPUS / target).iterdir())
    assert len(inputs) > 20
    for place in inputs:
        try:
            getattr(_checks(), check)(place.read_bytes())
        except BaseException as error:
            error.add_note(f"input {place.name}")
            raise


def test_xml_of_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="unknown encoding"):
        read_safe_metadata(b"<?xml version='1.0' encoding='ut-16'?><a/>")


def test_xml_whose_scale_would_be_infinite_is_refused() -> None:
    product = b"<Level-2A_User_Product><BOA_QUANTIFICATION_VALUE>1e-320</BOA_QUANTIFICATION_VALUE>"

    with pytest.raises(InvalidInputError, match="1 or more"):
        read_safe_metadata(product + b"</Level-2A_User_Product>")
