"""A bounded run of the generated requests; ``make fuzz`` sends the full number, on two engines."""

import pytest

from biblioteca.tests.fuzzing.run import LEAST_ACCEPTED, fuzz
from biblioteca.tests.servers import serving

pytestmark = pytest.mark.served


def test_generated_requests_get_answers_of_the_document(tmp_path):
    with serving(tmp_path) as address:
        status, counts, report = fuzz(address, tmp_path, examples=6, seed=3)
    assert status == 0, report
    assert counts["requests"] > 500
    assert counts["accepted writes"] >= LEAST_ACCEPTED * counts["writes"], counts
    assert not [name for name in counts if name.startswith("status 5")]
