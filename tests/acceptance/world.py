"""How a test speaks with the examples: send, be refused, let time pass, look.

Everything happens in the one transaction of the fixture `db`, which is rolled back;
the clock, too, is moved there only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests import clock

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Row = dict[str, Any]


class World:
    """A database with an example deployed."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def rows(self, query: str, *parameters: Any) -> list[Row]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(query, parameters or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def row(self, query: str, *parameters: Any) -> Row:
        (found,) = self.rows(query, *parameters)
        return found

    def start_with(self, machine: str, version: int) -> None:
        """New instances start on this version."""
        self.rows("select pgsm.set_current_version(%s, %s)", machine, version)

    def send(self, instance_id: str, event: str, **data: Any) -> Row:
        return self.row(
            "select * from pgsm.send_event(%s, %s, %s::jsonb)",
            instance_id,
            event,
            json.dumps(data),
        )

    def refuse(self, instance_id: str, event: str, **data: Any) -> psycopg.Error:
        """Send an event that must be refused and change nothing; how it was."""
        before = self.instance(instance_id)
        with pytest.raises(psycopg.Error) as refusal, self.connection.transaction():
            self.send(instance_id, event, **data)
        assert self.instance(instance_id) == before
        return refusal.value

    def instance(self, instance_id: str) -> Row:
        return self.row(
            "select * from pgsm.instances where instance_id = %s", instance_id
        )

    def leaves(self, instance_id: str) -> set[str]:
        """The keys of the innermost active states."""
        states = self.instance(instance_id)["states"]
        return {
            path.rpartition(".")[2]
            for path in states
            if not any(other.startswith(path + ".") for other in states)
        }

    def advance(self, interval: str) -> None:
        """Let time pass, and all timers fire that are due by then."""
        clock.advance(self.connection, interval)
        self.fire()

    def fire(self) -> int:
        fired = 0
        while turn := self.row("select * from pgsm.fire_timers()")["fired"]:
            fired += turn
        return fired

    def timers(self, instance_id: str) -> list[Row]:
        return self.rows(
            "select * from pgsm.timers where instance_id = %s", instance_id
        )

    def effects(self, instance_id: str, name: str) -> list[Row]:
        """Its effects of a name, oldest first."""
        return self.rows(
            "select * from pgsm.effects where instance_id = %s and name = %s"
            " order by created_at, effect_id",
            instance_id,
            name,
        )

    def mails(self, instance_id: str) -> list[str]:
        """The templates of the mails that it has asked for, whether sent or not."""
        found = self.effects(instance_id, "email.send")
        return [effect["input"]["template"] for effect in found]

    def do_effects(self, name: str, output: Any = None) -> list[Row]:
        """Claim and complete whatever there is of a name, as a runner does."""
        claimed = self.rows(
            "select * from pgsm.claim_effects('test', array[%s], 100)", name
        )
        completions = [
            {
                "instance_id": effect["instance_id"],
                "effect_id": effect["effect_id"],
                "lease_token": str(effect["lease_token"]),
                "output": output,
            }
            for effect in claimed
        ]
        done = self.rows(
            "select * from pgsm.complete_effects(%s::jsonb)", json.dumps(completions)
        )
        assert {answer["outcome"] for answer in done} <= {"succeeded"}
        return claimed


class Orders(World):
    """The food delivery's database; `version` is the one that orders start on."""

    def __init__(self, connection: psycopg.Connection[Any], version: int) -> None:
        super().__init__(connection)
        self.version = version
        self.start_with("order", version)
        self._opened = 0

    def cart(self, restaurant: str = "trattoria", items: Any = None) -> str:
        self._opened += 1
        order = f"order-{self._opened}"
        given = [{"name": "Pizza", "price": 9.5, "quantity": 2}]
        self.rows(
            "select * from food.open_cart(%s, %s, 'ada@example.com', 'Elm Street 1',"
            " %s::jsonb)",
            order,
            restaurant,
            json.dumps(given if items is None else items),
        )
        return order

    def offered(self, restaurant: str = "trattoria") -> str:
        order = self.cart(restaurant)
        self.send(order, "order.submit")
        return order

    def accepted(self, eta: float = 30, restaurant: str = "trattoria") -> str:
        order = self.offered(restaurant)
        self.send(order, "restaurant.accept", eta=eta)
        return order

    def requesting(self) -> str:
        """A courier is requested."""
        order = self.accepted(eta=10)
        self.fire()
        assert "requesting" in self.leaves(order)
        return order

    def assigned(self, courier: str = "kim") -> str:
        order = self.requesting()
        self.send(order, "courier.accept", courier=courier)
        return order

    def carried(self, courier: str = "kim") -> str:
        order = self.assigned(courier)
        self.send(order, "kitchen.ready")
        self.send(order, "courier.pick_up", courier=courier)
        return order

    def status(self, order: str) -> Any:
        return self.order_row(order)["status"]

    def order_row(self, order: str) -> Row:
        """Its row in the application's own table."""
        return self.row("select * from food.orders where order_id = %s", order)

    def order_of(self, courier: str) -> str | None:
        """What a courier is busy with, by the application's own table."""
        row = self.row("select * from food.couriers where courier_id = %s", courier)
        found: str | None = row["order_id"]
        return found
