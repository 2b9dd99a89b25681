"""How many examples hypothesis tries.

They are random, and a failure prints the line that gives its example again.
``PGSM_EXAMPLES=20`` tries twenty times as many.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

FACTOR = float(os.environ.get("PGSM_EXAMPLES", "1"))


def examples(number: int) -> settings:
    """Settings for so many examples, without a bound on the time of one."""
    return settings(
        max_examples=max(1, round(number * FACTOR)),
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
