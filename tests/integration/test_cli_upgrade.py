"""`pgsm upgrade check | preview | path | failures | undo | policy`."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from . import upgraded
from .operated import done, lines, refused, run

_numbers = iter(range(1000))


@pytest.fixture
def machine(dsn: str) -> Iterator[str]:
    """A machine of this test's own, with three instances on version 1 of 2."""
    name = f"m{next(_numbers)}"
    upgraded.define(dsn, name)
    upgraded.start(dsn, name, 3)
    yield name
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("delete from pgsm_private.upgrade_failures")


def accept(dsn: str, instance_id: str) -> None:
    done(dsn, "instance", "send", instance_id, "accept")


def test_check_ends_with_1_while_a_state_goes_nowhere(dsn: str, machine: str) -> None:
    accept(dsn, f"{machine}-1")
    result = run(dsn, "upgrade", "check", machine, "1", "2")
    assert result.exit_code == 1
    assert 'state "charging" is not in the new version' in result.stdout
    assert result.stderr == "3 instances; 2 rows above cannot go\n"
    upgraded.declare(dsn, machine)
    result = run(dsn, "upgrade", "check", machine, "1", "2")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("3 instances: all can go")


def test_check_counts_in_json(dsn: str, machine: str) -> None:
    accept(dsn, f"{machine}-1")
    upgraded.declare(dsn, machine)
    found = lines(dsn, "upgrade", "check", machine, "1", "2")
    assert [
        (f["name"], f["instances"], f["target"]) for f in found if f["kind"] == "state"
    ] == [("charging", 1, "paying"), ("offered", 2, "offered")]


def test_check_of_a_version_without_instances_is_well(dsn: str, machine: str) -> None:
    result = run(dsn, "upgrade", "check", machine, "2", "1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no instance runs on version 2\n"


def test_preview_shows_one_in_full_and_changes_nothing(dsn: str, machine: str) -> None:
    upgraded.declare(dsn, machine, upgraded.MINUTES)
    accept(dsn, f"{machine}-1")
    first = f"{machine}-1"
    shown = done(dsn, "upgrade", "preview", machine, "2", "--instance", first)
    assert shown.splitlines() == [
        f"{first}: version 1 → 2",
        "   status:  active",
        "   state:   charging → paying",
        "   context: minutes: nothing → 1",
        "            seconds: 60 → nothing",
    ]
    assert set(upgraded.versions(dsn, machine).values()) == {1}


def test_preview_keeps_what_stays_apart_from_what_comes(dsn: str, machine: str) -> None:
    upgraded.declare(dsn, machine)
    shown = done(dsn, "upgrade", "preview", machine, "2", "--instance", f"{machine}-1")
    (timer,) = [line for line in shown.splitlines() if "timers:" in line]
    assert timer.startswith("   timers:   after.10 minutes.offered armed, due ")


def test_preview_ends_with_1_when_one_of_the_sample_cannot(
    dsn: str, machine: str
) -> None:
    upgraded.declare(dsn, machine, upgraded.MINUTES)
    result = run(dsn, "upgrade", "preview", machine, "2")
    assert result.exit_code == 1
    assert "2 of 3 instances can go; nothing has changed" in result.stderr
    bad = [line for line in result.stdout.splitlines() if "(SM" in line]
    assert len(bad) == 1
    assert bad[0].startswith(f"{machine}-2 ")
    json_ = run(dsn, "upgrade", "preview", machine, "2", "--json")
    assert json_.exit_code == 1
    assert len(json_.stdout.splitlines()) == 3
    one = run(dsn, "upgrade", "preview", machine, "2", "--instance", f"{machine}-2")
    assert one.exit_code == 1
    assert "cannot go: " in one.stdout


def test_preview_of_another_machines_instance_is_refused(
    dsn: str, machine: str
) -> None:
    upgraded.define(dsn, "other")
    said = refused(
        dsn, "upgrade", "preview", "other", "2", "--instance", f"{machine}-1"
    )
    assert f'is of machine "{machine}", not "other"' in said


def test_path_names_each_step(dsn: str, machine: str) -> None:
    upgraded.define(dsn, machine, {**upgraded.NEW, "description": "three"})
    upgraded.declare(dsn, machine)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pgsm.define_upgrade(%s, 2, 3)", [machine])
    found = lines(dsn, "upgrade", "path", machine, "1", "3")
    assert [(f["old_version"], f["new_version"]) for f in found] == [(1, 2), (2, 3)]
    back = done(dsn, "upgrade", "path", machine, "3", "1")
    assert "nothing: each state stays as it is" in back


def test_failures_can_be_counted_by_their_reason(dsn: str, machine: str) -> None:
    accept(dsn, f"{machine}-1")
    accept(dsn, f"{machine}-3")
    assert run(dsn, "upgrade", "run", machine, "2").exit_code == 1
    listed = done(dsn, "upgrade", "failures", "--machine", machine).splitlines()
    assert [line.split()[0] for line in listed[1:]] == [f"{machine}-1", f"{machine}-3"]
    (summed,) = lines(dsn, "upgrade", "failures", "--machine", machine, "--summary")
    assert (summed["machine"], summed["to"], summed["count"]) == (machine, 2, 2)
    assert 'instance "…" cannot go' in summed["message"]


def test_no_failure_is_no_error(dsn: str) -> None:
    result = run(dsn, "upgrade", "failures", "--machine", "nothing")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no failure\n"


def test_undo_takes_back_those_it_can_and_names_the_others(
    dsn: str, machine: str
) -> None:
    upgraded.declare(dsn, machine)
    done(dsn, "upgrade", "run", machine, "2")
    accept(dsn, f"{machine}-2")
    ids = [f"{machine}-{n}" for n in (1, 2, 3)]
    result = run(dsn, "upgrade", "undo", *ids)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{ids[0]} is back on version 1, in offered",
        f"{ids[2]} is back on version 1, in offered",
    ]
    assert f'the upgrade of instance "{ids[1]}" cannot be undone' in result.stderr
    assert upgraded.versions(dsn, machine) == {ids[0]: 1, ids[1]: 2, ids[2]: 1}


def test_undo_reads_ids_from_a_pipe(dsn: str, machine: str) -> None:
    upgraded.declare(dsn, machine)
    done(dsn, "upgrade", "run", machine, "2")
    given = "".join(f"{machine}-{n}\n" for n in (1, 2, 3))
    done(dsn, "upgrade", "undo", "-", given=given)
    assert set(upgraded.versions(dsn, machine).values()) == {1}


def test_undo_in_json_has_a_line_for_what_is_refused(dsn: str, machine: str) -> None:
    result = run(dsn, "upgrade", "undo", "--json", f"{machine}-1")
    assert result.exit_code == 1
    assert '"code":"SM403"' in result.stdout


def test_policy_is_shown_and_set(dsn: str, machine: str) -> None:
    assert done(dsn, "upgrade", "policy", machine) == (
        f"{machine}: manual, version 1 is current\n"
    )
    assert done(dsn, "upgrade", "policy", machine, "lazy").startswith(
        f"{machine}: lazy"
    )
    assert run(dsn, "upgrade", "policy", machine, "never").exit_code == 2
    assert "no machine" in refused(dsn, "upgrade", "policy", "nothing")


@pytest.mark.parametrize(
    "verb",
    [
        ["check", "nothing", "1", "2"],
        ["path", "nothing", "1", "2"],
        ["preview", "nothing", "1"],
        ["run", "nothing", "1"],
    ],
)
def test_unknown_machine_is_refused(dsn: str, verb: list[str]) -> None:
    assert refused(dsn, "upgrade", *verb).startswith("error: ")
    assert "(SM002)" in refused(dsn, "upgrade", *verb)
