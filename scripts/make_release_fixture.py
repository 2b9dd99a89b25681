"""Keep a database of the present release, for the tests of all later ones.

    python scripts/make_release_fixture.py 0.1

Deploys the checkout into a database of its own, fills it with running instances
(tests/releases.py), and writes tests/fixtures/releases/0.1/: dump.sql.xz, and
expected.json, what a user sees of it, as it is and after going on.  To be run once
for a release, when its plan is tagged; its directory is never written again.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pgsm import sqitch  # noqa: E402
from tests import releases, servers, templates  # noqa: E402


def main(version: str) -> None:
    directory = releases.DIRECTORY / version
    if directory.exists():
        sys.exit(f"{directory} is there already: a release is made once")
    with (
        servers.running_server() as server,
        templates.template(server, sqitch.project_directory()) as template,
        templates.clone(server, template) as dsn,
    ):
        script, expected = releases.make(dsn)
    releases.write(directory, script, expected)
    size = (directory / "dump.sql.xz").stat().st_size
    print(f"{directory.relative_to(ROOT)}: {size // 1000} kB")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
