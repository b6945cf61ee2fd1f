"""A hazard area stands on what somebody states, or it is not drawn."""

import pytest

from detente.domain import InvalidVolume
from detente.hazard import Declaration


@pytest.mark.parametrize("missing", ["declared_by", "source", "date"])
@pytest.mark.parametrize("nothing", ["", "  "])
def test_a_declaration_without_one_of_its_parts_is_refused_by_name(missing, nothing):
    stated = {"declared_by": "Party A", "source": "a public statement", "date": "2018-10-02"}
    with pytest.raises(InvalidVolume, match=missing):
        Declaration(**stated | {missing: nothing})
