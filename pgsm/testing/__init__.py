"""Machines in memory, for tests: no database, and a clock that is moved by hand.

A `World` holds machines and their instances and does with the same interpreter what the
database does: steps, timers, messages, children, effects.

>>> from pgsm.testing import FunctionError, Refused, World, by_attempt, explore
>>> world = World()
>>> world.define({
...     "id": "order",
...     "initial": "offered",
...     "context": {"total": {"expr": "input.total"}, "eta": None},
...     "states": {
...         "offered": {
...             "on": {"accept": {"target": "charging", "actions": "accept"}},
...             "after": {"10 minutes": "expired"},
...         },
...         "charging": {
...             "invoke": {
...                 "id": "charge",
...                 "src": "card.charge",
...                 "input": {"amount": {"expr": "context.total"}},
...                 "onDone": "paid",
...                 "onError": "refused",
...             },
...         },
...         "paid": {"type": "final"},
...         "refused": {"type": "final"},
...         "expired": {"type": "final"},
...     },
...     "implementations": {
...         "actions": {
...             "accept": [
...                 {"type": "assign", "set": {"eta": {"expr": "event.data.eta"}}},
...                 {"type": "call", "function": "shop.reserve(text)",
...                  "args": [{"expr": "instance.id"}]},
...                 {"type": "effect", "name": "email.send"},
...             ],
...         },
...         "effects": {"card.charge": {"retry": {"attempts": 3}}, "email.send": {}},
...     },
... })
'order'

What only the database and the outside world know is faked: SQL functions by Python
ones, effects by handlers or by hand.

>>> def reserve(order):
...     if order == "order-2":
...         raise FunctionError("sold out", "SH001")
...     world.data.setdefault("reserved", []).append(order)
>>> world.function("shop.reserve(text)", reserve)
>>> world.effect("card.charge", by_attempt(OSError("no network"), {"receipt": 7}))

An event is applied at once and run to completion; what it asks of others waits until
the world settles or its clock moves on.

>>> order = world.start("order", {"total": 12.50})
>>> order.send("accept", {"eta": 20}).value
'charging'
>>> order.context["eta"], world.data["reserved"]
(20, ['order-1'])
>>> world.settle()  # the first attempt fails; the next comes after two seconds
1
>>> order.effect("charge").status, order.effect("charge").error["message"]
('retrying', 'no network')
>>> _ = world.advance("2 seconds")
>>> order.value, order.status
('paid', 'done')

An effect without a handler waits for its answer:

>>> [effect.name for effect in order.effects if effect.open]
['email.send']
>>> _ = order.complete("email.send")

A call that is refused leaves nothing behind:

>>> late = world.start("order", {"total": 3})
>>> try:
...     late.send("accept", {"eta": 5})
... except Refused as refusal:
...     print(refusal.sqlstate, refusal.message)
SM102 event "accept" of instance "order-2" is refused: sold out
>>> late.value, late.context["eta"], world.data["reserved"]
('offered', None, ['order-1'])

Time passes as fast as you say, and everything happens at its time:

>>> _ = world.advance("1 day")
>>> late.value, late.log[-1].at.isoformat()
('expired', '2030-01-01T12:10:02+00:00')

In pytest, a fixture of your own is all that is needed:

    @pytest.fixture
    def world():
        world = World()
        world.define("machines/order.json")
        world.effect("email.send", {})
        return world

`explore` finds everything that can happen to a machine, with the shortest way to it:

>>> found = explore(world.definition("order"), input={"total": 3})
>>> print(found.to("refused"))
accept {"eta":1} > charge fails {"message":"failed"}
>>> [deadlock.what for deadlock in found.deadlocks]
[]

`World.dump` and `World.load` keep a world as JSON text; `World.copy` gives one that
goes its own way.  All that the classes have is in their docstrings.
"""

from __future__ import annotations

from pgsm.engine.definition import DefinitionError

from .errors import (
    FunctionError,
    MissingFunction,
    NotFound,
    PermanentFailure,
    Refused,
    RetryAfter,
    Unsettled,
)
from .explore_paths import Path, Situation, walk
from .explore_result import Exploration
from .explore_samples import Samples, SamplesError
from .explore_setup import explored_world
from .explorer import explore
from .instance import Instance
from .outcomes import Takes, by_attempt
from .rows import Effect, LogEntry, Snapshot, Timer
from .world import World

__all__ = [
    "DefinitionError",
    "Effect",
    "Exploration",
    "FunctionError",
    "Instance",
    "LogEntry",
    "MissingFunction",
    "NotFound",
    "Path",
    "PermanentFailure",
    "Refused",
    "RetryAfter",
    "Samples",
    "SamplesError",
    "Situation",
    "Snapshot",
    "Takes",
    "Timer",
    "Unsettled",
    "World",
    "by_attempt",
    "explore",
    "explored_world",
    "walk",
]
