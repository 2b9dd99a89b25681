"""Two stages on which the same play is given: in memory, and in PostgreSQL.

A stage has the machines of examples/machines, fake handlers for their effects, a clock.

    stage.define("purchase")
    stage.effect("stock.reserve", {"id": "r-1"})
    stage.start("purchase", "p-1", {"items": ["pear"]})
    stage.settle()
    assert stage.look("p-1").value == {"booking": "charging"}

What has no handler waits for claim, complete or fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from pgsm import testing
from pgsm.engine import exact
from pgsm.testing import durations, outcomes, store, world
from tests import clock

Json = Any
Source = dict[str, Any] | Path | None
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MACHINES = EXAMPLES / "machines"


@dataclass(frozen=True)
class Look:
    """An instance as it stands, and the outcome of the call that gave it."""

    value: Json
    context: Json
    status: str
    tags: list[str]
    output: Json
    outcome: str | None = None


@dataclass(frozen=True)
class Effect:
    name: str
    input: Json
    status: str
    key: str


class Stage(Protocol):
    def functions(self, sql: str, fakes: dict[str, Any]) -> None: ...
    def define(self, machine: str, source: Source = None) -> None: ...
    def effect(self, name: str, handler: Any) -> None: ...
    def no_effect(self, name: str) -> None: ...
    def start(self, machine: str, instance_id: str, given: Json) -> Look: ...
    def look(self, instance_id: str) -> Look: ...
    def find(self, machine: str, key: str, value: str) -> list[str]: ...
    def send(
        self, instance_id: str, event: str, data: Json = None, *, by: str | None = None
    ) -> Look: ...
    def refuse(
        self, instance_id: str, event: str, data: Json = None, *, by: str | None = None
    ) -> str: ...
    def settle(self) -> None: ...
    def advance(self, length: str) -> None: ...
    def effects(self, instance_id: str) -> list[Effect]: ...
    def claim(self, instance_id: str, name: str) -> None: ...
    def complete(self, instance_id: str, name: str, output: Json = None) -> Look: ...
    def fail(self, instance_id: str, name: str, message: str) -> Look: ...
    def retry(self, instance_id: str, name: str) -> None: ...
    def pause(self, instance_id: str) -> None: ...
    def resume(self, instance_id: str) -> None: ...


def claims(by: str | None) -> Json:
    """Who sends an event: "ann", or "ann:head" with a role."""
    sub, _, role = (by or "nobody").partition(":")
    return {"sub": sub, "roles": [role] if role else []}


# -- in memory -----------------------------------------------------------------------


class Memory:
    def __init__(self) -> None:
        self.world = testing.World()

    def functions(self, sql: str, fakes: dict[str, Any]) -> None:
        for name, fake in fakes.items():
            self.world.function(name, fake)

    def define(self, machine: str, source: Source = None) -> None:
        self.world.define(source or MACHINES / f"{machine}.json", machine)

    def effect(self, name: str, handler: Any) -> None:
        self.world.effect(name, handler)

    def no_effect(self, name: str) -> None:
        self.world.no_effect(name)

    def start(self, machine: str, instance_id: str, given: Json) -> Look:
        self.world.start(machine, given, instance_id=instance_id)
        return self.look(instance_id)

    def look(self, instance_id: str) -> Look:
        return self._look(self.world[instance_id].snapshot)

    def _look(self, found: testing.Snapshot) -> Look:
        return Look(
            **{name: getattr(found, name) for name in Look.__dataclass_fields__}
        )

    def find(self, machine: str, key: str, value: str) -> list[str]:
        found = self.world.find(machine, key, value)
        return [instance.id for instance in found if instance.status == "active"]

    def send(
        self, instance_id: str, event: str, data: Json = None, *, by: str | None = None
    ) -> Look:
        auth = {"role": "web", "claims": claims(by)}
        return self._look(self.world[instance_id].send(event, data, auth=auth))

    def refuse(
        self, instance_id: str, event: str, data: Json = None, *, by: str | None = None
    ) -> str:
        with pytest.raises(testing.Refused) as refusal:
            self.send(instance_id, event, data, by=by)
        return refusal.value.message

    def settle(self) -> None:
        self.world.settle()

    def advance(self, length: str) -> None:
        self.world.advance(length)

    def effects(self, instance_id: str) -> list[Effect]:
        found = self.world[instance_id].effects
        return [Effect(e.name, e.input, e.status, e.key) for e in found]

    def claim(self, instance_id: str, name: str) -> None:
        self.world[instance_id].claim(name)

    def complete(self, instance_id: str, name: str, output: Json = None) -> Look:
        return self._look(self.world[instance_id].complete(name, output))

    def fail(self, instance_id: str, name: str, message: str) -> Look:
        return self._look(self.world[instance_id].fail(name, message))

    def retry(self, instance_id: str, name: str) -> None:
        failed = self.world[instance_id].effects
        self.world[instance_id].retry(
            next(e for e in failed if e.name == name and e.status == "failed")
        )

    def pause(self, instance_id: str) -> None:
        self.world[instance_id].pause()

    def resume(self, instance_id: str) -> None:
        self.world[instance_id].resume()


# -- in PostgreSQL -------------------------------------------------------------------


class Database:
    """All of it in one transaction, which the fixture rolls back."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.clock: datetime = world.NOON
        self.handlers: dict[str, Any] = {}
        self.running: dict[tuple[str, str], dict[str, Any]] = {}
        set_json_loads(_loads, connection)
        clock.set_clock(connection, self.clock)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def functions(self, sql: str, fakes: dict[str, Any]) -> None:
        self.connection.execute(sql)  # type: ignore[call-overload]

    def define(self, machine: str, source: Source = None) -> None:
        source = source or MACHINES / f"{machine}.json"
        text = _dumps(source) if isinstance(source, dict) else source.read_text("utf-8")
        self.rows("select pgsm.define_machine(%s, %s::json)", machine, text)

    def effect(self, name: str, handler: Any) -> None:
        self.handlers[name] = handler

    def no_effect(self, name: str) -> None:
        del self.handlers[name]

    def start(self, machine: str, instance_id: str, given: Json) -> Look:
        query = "select * from pgsm.start_instance(%s, %s, %s::jsonb)"
        return _row_look(self.rows(query, machine, instance_id, _dumps(given))[0])

    def look(self, instance_id: str) -> Look:
        query = "select * from pgsm.get_instance(%s)"
        return _row_look(self.rows(query, instance_id)[0])

    def find(self, machine: str, key: str, value: str) -> list[str]:
        found = self.rows(
            "select i.instance_id from pgsm.instances as i"
            " join pgsm_private.instance_keys as k using (instance_id)"
            " where i.machine = %s and k.name = %s and k.value = %s"
            " and i.status = 'active' order by i.started_at, i.instance_id",
            machine,
            key,
            value,
        )
        return [row["instance_id"] for row in found]

    def send(
        self, instance_id: str, event: str, data: Json = None, *, by: str | None = None
    ) -> Look:
        self.rows(
            "select set_config('request.jwt.claims', %s, true)",
            _dumps(claims(by)),
        )
        (row,) = self.rows(
            "select * from pgsm.send_event(%s, %s, %s::jsonb)",
            instance_id,
            event,
            _dumps(data or {}),
        )
        return _row_look(row)

    def refuse(
        self, instance_id: str, event: str, data: Json = None, *, by: str | None = None
    ) -> str:
        with pytest.raises(psycopg.Error) as refusal, self.connection.transaction():
            self.send(instance_id, event, data, by=by)
        return refusal.value.diag.message_primary or ""

    def settle(self) -> None:
        for _ in range(200):
            fired = self.rows("select * from pgsm.fire_timers()")[0]["fired"]
            if not fired and not self._attempt_effects():
                return
        raise AssertionError("does not settle")

    def _attempt_effects(self) -> int:
        """Let the handlers try what is due; how many attempts there were."""
        claimed = self.rows(
            "select * from pgsm.claim_effects('stage', %s, 50, '1 hour')",
            list(self.handlers),
        )
        for effect in claimed:
            ends = outcomes.run(self.handlers[effect["name"]], _Attempt(**effect))
            assert ends["after"] == "0", "handlers take no time here"
            if "error" in ends:
                self._fail(effect, ends["error"], ends["permanent"])
            else:
                self._complete(effect, ends["output"])
        return len(claimed)

    def advance(self, length: str) -> None:
        until = durations.add(self.clock, length)
        self.settle()
        while (due := self._next_due()) is not None and due <= until:
            self._move(due)
            self.settle()
        self._move(until)

    def _next_due(self) -> datetime | None:
        (row,) = self.rows(
            "select min(due_at) as at from ("
            " select due_at from pgsm.timers where status = 'armed'"
            " union all select due_at from pgsm.effects"
            " where status in ('pending', 'retrying') and name = any (%s)) as d"
            " where due_at > %s",
            list(self.handlers),
            self.clock,
        )
        at: datetime | None = row["at"]
        return at

    def _move(self, to: datetime) -> None:
        self.clock = to
        clock.set_clock(self.connection, to)

    def effects(self, instance_id: str) -> list[Effect]:
        found = self.rows(
            "select name, input, status, key from pgsm.effects where instance_id = %s"
            " order by split_part(effect_id, '/', 1)::int,"
            " split_part(effect_id, '/', 2)::int",
            instance_id,
        )
        return [Effect(**row) for row in found]

    def claim(self, instance_id: str, name: str) -> None:
        claimed = self.rows(
            "select * from pgsm.claim_effects('stage', array[%s], 50, '1 hour')", name
        )
        own, others = [], []
        for effect in claimed:
            mine = not own and effect["instance_id"] == instance_id
            (own if mine else others).append(effect)
        leases = [_lease(effect) for effect in others]
        query = "select pgsm.release_effects('stage', %s::jsonb)"
        self.rows(query, _dumps(leases))
        (self.running[instance_id, name],) = own

    def _claimed(self, instance_id: str, name: str) -> dict[str, Any]:
        if (instance_id, name) not in self.running:
            self.claim(instance_id, name)
        return self.running.pop((instance_id, name))

    def complete(self, instance_id: str, name: str, output: Json = None) -> Look:
        self._complete(self._claimed(instance_id, name), output)
        return self.look(instance_id)

    def fail(self, instance_id: str, name: str, message: str) -> Look:
        self._fail(self._claimed(instance_id, name), {"message": message}, True)
        return self.look(instance_id)

    def _complete(self, effect: dict[str, Any], output: Json) -> None:
        done = [{**_lease(effect), "output": output}]
        self.rows("select * from pgsm.complete_effects(%s::jsonb)", _dumps(done))

    def _fail(self, effect: dict[str, Any], error: Json, permanent: bool) -> None:
        self.rows(
            "select pgsm.fail_effect(%s, %s, %s, %s::jsonb, permanent => %s)",
            effect["instance_id"],
            effect["effect_id"],
            effect["lease_token"],
            _dumps(error),
            permanent,
        )

    def retry(self, instance_id: str, name: str) -> None:
        (failed,) = self.rows(
            "select effect_id from pgsm.effects"
            " where instance_id = %s and name = %s and is_open",
            instance_id,
            name,
        )
        query = "select pgsm.retry_effect(%s, %s)"
        self.rows(query, instance_id, failed["effect_id"])

    def pause(self, instance_id: str) -> None:
        self.rows("select pgsm.pause_instance(%s)", instance_id)

    def resume(self, instance_id: str) -> None:
        self.rows("select pgsm.resume_instance(%s)", instance_id)


class _Attempt:
    """What a handler reads of an effect."""

    def __init__(self, **row: Any) -> None:
        self.__dict__.update(row)


def _lease(effect: dict[str, Any]) -> Json:
    names = ("instance_id", "effect_id", "lease_token")
    return {name: str(effect[name]) for name in names}


def _dumps(value: Json) -> str:
    return exact.dumps(store.plain(value))


def _loads(data: str | bytes) -> Json:
    return exact.loads(data if isinstance(data, str) else data.decode())


def _row_look(row: dict[str, Any]) -> Look:
    return Look(**{name: row[name] for name in Look.__dataclass_fields__})
