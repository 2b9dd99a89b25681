"""`pgsm machine current | pause | resume`."""

from __future__ import annotations

from . import upgraded
from .operated import done, lines, refused


def test_new_instances_start_with_the_version_that_is_named(fresh_dsn: str) -> None:
    upgraded.define(fresh_dsn, "m")
    assert done(fresh_dsn, "machine", "current", "m", "2") == (
        "new instances of m start with version 2\n"
    )
    upgraded.start(fresh_dsn, "m", 1)
    assert upgraded.versions(fresh_dsn, "m") == {"m-1": 2}
    assert "(SM003)" in refused(fresh_dsn, "machine", "current", "m", "3")


def test_paused_machine_takes_no_event_until_it_is_resumed(fresh_dsn: str) -> None:
    upgraded.define(fresh_dsn, "m")
    upgraded.start(fresh_dsn, "m", 1)
    said = done(fresh_dsn, "machine", "pause", "m", "--version", "1")
    assert said == "version 1 of m is paused\n"
    assert "(SM122)" in refused(fresh_dsn, "instance", "send", "m-1", "accept")
    assert done(fresh_dsn, "machine", "resume", "m") == "each version of m goes on\n"
    done(fresh_dsn, "instance", "send", "m-1", "accept")


def test_their_json_says_what_was_asked(fresh_dsn: str) -> None:
    upgraded.define(fresh_dsn, "m")
    found = lines(fresh_dsn, "machine", "pause", "m")
    assert found == [{"machine": "m", "version": None}]
