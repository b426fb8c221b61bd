"""Blocks of hours as the database keeps them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from farm.errors import ServiceFaultError
from farm.weather import blocks


@given(arrays(np.float64, (blocks.VARIABLES, 24), elements=st.floats(width=64)))
def test_a_block_comes_back_to_the_last_bit(values: np.ndarray) -> None:
    found = blocks.unpack_values([blocks.pack_values(values)])

    assert found.shape == (1, blocks.VARIABLES, 24)
    assert found[0].tobytes() == values.tobytes()


@given(arrays(np.uint8, (blocks.VARIABLES, 24)))
def test_flags_come_back_as_they_were(flags: np.ndarray) -> None:
    assert (blocks.unpack_flags([blocks.pack_flags(flags)])[0] == flags).all()


def test_a_variable_that_was_appended_since_is_absent() -> None:
    older = np.ones((blocks.VARIABLES - 2, 24))

    found = blocks.unpack_values([older.tobytes()])[0]

    assert (found[:-2] == 1).all()
    assert np.isnan(found[-2:]).all()


@pytest.mark.parametrize("size", [1, 24 * 8 + 1, (blocks.VARIABLES + 1) * 24 * 8])
def test_a_damaged_block_is_no_number(size: int) -> None:
    with pytest.raises(ServiceFaultError, match="damaged"):
        blocks.unpack_values([bytes(size)])


def test_bytes_of_postgresql_are_read_too() -> None:
    packed = memoryview(blocks.pack_values(np.full((blocks.VARIABLES, 24), 2.5)))

    assert (blocks.unpack_values([packed, packed]) == 2.5).all()
