"""The plan of a watcher: what it asks, when it rests.  Without a database or time."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from pgsm.client import watching
from pgsm.client.watching import Ask, Found, Rest
from pgsm.rows import LogEntry, Snapshot


def snapshot(revision: int, status: str = "active", state: str = "a") -> Snapshot:
    return Snapshot(
        "i",
        "m",
        1,
        status,
        state,
        [state],
        {},
        ["t"] if state == "b" else [],
        None,
        revision,
    )


def step(revision: int) -> LogEntry:
    at = datetime(2030, 1, 1, tzinfo=timezone.utc)
    return LogEntry(
        "i",
        revision,
        at,
        "m",
        1,
        "event",
        "e",
        {},
        None,
        None,
        {},
        [],
        [],
        [],
        None,
        [],
        [],
    )


class World:
    """An instance, and the clock that a plan sees."""

    def __init__(self) -> None:
        self.now = 100.0
        self.revision = 1
        self.status = "active"
        self.lease = watching.LEASE_SECONDS
        self.asked: list[str] = []

    def clock(self) -> float:
        return self.now

    def answer(self, ask: Ask) -> Any:
        query = str(ask.statement.query)
        if "watch_instance" in query:
            self.asked.append("watch")
            return self.lease
        if "event_log" in query:
            self.asked.append("log")
            since = ask.statement.parameters["since"]
            return [step(n) for n in range(since + 1, self.revision + 1)]
        self.asked.append("look")
        return snapshot(self.revision, self.status)

    def run(self, plan: Any) -> Any:
        """Until it rests: what it found, and the rest; None when it has ended."""
        found = []
        wanted = plan.send(None)
        try:
            while not isinstance(wanted, Rest):
                if isinstance(wanted, Found):
                    found.append(wanted.step.revision)
                    wanted = plan.send(None)
                else:
                    wanted = plan.send(self.answer(wanted))
        except StopIteration:
            return found, None
        return found, wanted.seconds


def watch(world: World, since: int | None = None, listens: bool = True) -> Any:
    return watching.watching("i", since, listens, 0.5, world.clock)


def test_watcher_registers_before_it_looks() -> None:
    world = World()
    world.run(watch(world))
    assert world.asked == ["watch", "look"]


def test_registered_watcher_rests_for_the_poll_behind() -> None:
    world = World()
    assert world.run(watch(world)) == ([], watching.BEHIND_SECONDS)


def test_watcher_of_a_locked_instance_asks_again_soon() -> None:
    world = World()
    world.lease = 0
    plan = watch(world)
    rests = [world.run(plan)[1] for _ in range(8)]
    assert rests[0] == watching.QUICK_FIRST
    assert rests == sorted(rests)
    assert rests[-1] == 0.5
    assert world.asked.count("watch") == 8


def test_registration_is_renewed_when_half_of_it_is_over() -> None:
    world = World()
    plan = watch(world)
    world.run(plan)
    world.now += watching.LEASE_SECONDS / 2 - 1
    assert world.run(plan)[1] == 1
    assert world.asked.count("watch") == 1
    world.now += 1
    world.run(plan)
    assert world.asked.count("watch") == 2


def test_without_listening_nothing_is_registered() -> None:
    world = World()
    plan = watch(world, listens=False)
    assert world.run(plan)[1] == watching.QUICK_FIRST
    assert world.asked == ["look"]


def test_steps_are_found_once_and_in_order() -> None:
    world = World()
    plan = watch(world, since=0)
    assert world.run(plan)[0] == [1]
    world.revision = 4
    assert world.run(plan)[0] == [2, 3, 4]
    assert world.run(plan)[0] == []


def test_from_now_on_leaves_out_what_was() -> None:
    world = World()
    world.revision = 7
    plan = watch(world)
    assert world.run(plan)[0] == []
    world.revision = 8
    assert world.run(plan)[0] == [8]


def test_the_last_step_is_found_before_the_end() -> None:
    world = World()
    plan = watch(world)
    world.run(plan)
    world.revision, world.status = 2, "done"
    assert world.run(plan) == ([2], None)


def test_a_gap_in_the_log_is_passed_over() -> None:
    world = World()
    plan = watch(world, since=0)
    asked = world.answer
    world.answer = lambda ask: [] if "event_log" in ask.statement.query else asked(ask)  # type: ignore[method-assign]
    assert world.run(plan)[0] == []


def wait(world: World, timeout: float | None = None, **wanted: Any) -> Any:
    holds = watching.condition(
        **{"predicate": None, "state": None, "tag": None, "done": False, **wanted}
    )
    return watching.waiting("i", holds, timeout, True, 0.5, world.clock)


def test_a_wait_that_is_over_registers_nothing() -> None:
    world = World()
    assert world.run(wait(world, state="a"))[1] is None
    assert world.asked == ["look"]


def test_a_wait_looks_again_after_its_registration() -> None:
    world = World()
    plan = wait(world, state="b")
    assert world.run(plan)[1] == watching.BEHIND_SECONDS
    assert world.asked == ["look", "watch", "look"]


def test_a_wait_ends_with_its_time() -> None:
    world = World()
    plan = wait(world, timeout=2, tag="t")
    assert world.run(plan)[1] == 2
    world.now += 2
    with pytest.raises(watching.WaitTimeout) as timeout:
        world.run(plan)
    assert timeout.value.snapshot.revision == 1


def test_a_wait_for_what_cannot_come_any_more_ends() -> None:
    world = World()
    world.status = "stopped"
    with pytest.raises(watching.NeverReached):
        world.run(wait(world, done=True))


def test_a_wait_for_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match="wants a predicate"):
        wait(World())


def test_all_that_is_given_must_be_so() -> None:
    holds = watching.condition(lambda s: s.revision == 2, "b", "t", False)
    assert holds(snapshot(2, state="b"))
    assert not holds(snapshot(2))
    assert not holds(snapshot(1, state="b"))
