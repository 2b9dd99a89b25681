"""Inputs are what the handler's hint says, and outputs may be more than plain JSON."""

from __future__ import annotations

import dataclasses
import enum
import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, TypedDict

import msgspec
import psycopg
import pytest

from pgsm import effects
from pgsm.runner import inputs, wire

from . import outbox
from .inside import outcome, running

Connect = Callable[..., psycopg.Connection]


class Mail(TypedDict):
    to: str
    copies: list[str]


@dataclasses.dataclass
class Charge:
    amount: Decimal
    due: date


class Page(msgspec.Struct, forbid_unknown_fields=True):
    number: Annotated[int, msgspec.Meta(ge=1)] = 1


class Model:
    """Has the two methods by which pydantic's models are known."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @classmethod
    def model_validate(cls, value: Any) -> Model:
        if not isinstance(value, dict):
            raise ValueError("a model is an object")
        return cls(value)

    def model_dump(self, mode: str) -> Any:
        assert mode == "json"
        return self.value


def _decode(hint: Any, text: str) -> Any:
    def handler(effect: effects.Effect, task: Any) -> None: ...

    handler.__annotations__["task"] = hint
    decode = inputs.decoder(handler)
    assert decode is not None
    return decode(text)


def test_an_input_comes_as_the_hinted_type() -> None:
    charge = _decode(
        Charge, '{"amount": 0.10000000000000000000001, "due": "2030-01-02"}'
    )
    assert charge == Charge(Decimal("0.10000000000000000000001"), date(2030, 1, 2))
    assert _decode(Model, '{"n": 1}').value == {"n": 1}


@pytest.mark.parametrize(
    ("hint", "text", "message"),
    [
        (Mail, '{"to": 5, "copies": []}', "Expected `str`, got `int` - at `$.to`"),
        (Mail, '{"to": "a", "copies": [7]}', "at `$.copies[0]`"),
        (Mail, '{"to": "a"}', "missing required field `copies`"),
        (Mail, "[]", "Expected `object`, got `array`"),
        (Page, '{"number": 0}', "Expected `int` >= 1 - at `$.number`"),
        (Page, '{"page": 1}', "unknown field `page`"),
        (Model, "1", "a model is an object"),
    ],
)
def test_an_input_that_is_something_else_is_refused_with_its_place(
    hint: Any, text: str, message: str
) -> None:
    with pytest.raises(inputs.InvalidInputError) as raised:
        _decode(hint, text)
    assert message in str(raised.value)


async def test_a_wrong_input_fails_for_good_and_says_why(
    fresh_dsn: str, connect: Connect
) -> None:
    registry = effects.Registry()
    calls = []

    @registry.handler("test.work")
    async def work(effect: effects.Effect, mail: Mail) -> str:
        calls.append(mail)
        return mail["to"]

    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1", task={"to": 5, "copies": []})
    outbox.start(connection, "job-2", task={"to": "ada", "copies": []})
    async with running(fresh_dsn, registry):
        error = (await outcome(connection, "job-1"))["error"]
        assert (await outcome(connection, "job-2"))["result"] == "ada"
    assert calls == [{"to": "ada", "copies": []}]
    assert (error["type"], error["attempts"]) == ("invalid_input", 1)
    assert error["message"].endswith(": Expected `str`, got `int` - at `$.to`")


def test_no_hint_takes_any_json() -> None:
    def plain(effect, task):  # type: ignore[no-untyped-def]
        pass

    def anything(effect: effects.Effect, task: Any) -> None: ...

    def any_object(effect: effects.Effect, task: object) -> None: ...

    assert not any(inputs.decoder(f) for f in (plain, anything, any_object, print))


def test_a_hint_of_no_use_is_an_error_before_anything_runs() -> None:
    registry = effects.Registry()

    def unknown(effect, task: Nowhere):  # type: ignore  # noqa: F821
        pass

    registry.handler("test.unknown")(unknown)
    with pytest.raises(inputs.BadHintError, match=r"unknown.*'Nowhere' is not defined"):
        registry.check()


def test_outputs_have_their_usual_form_in_json() -> None:
    class Colour(enum.Enum):
        RED = "red"

    class Text(str):
        pass

    output = {
        "charge": Charge(Decimal("1.10"), date(2030, 1, 2)),
        "page": Page(2),
        "model": Model([1]),
        "mapping": MappingProxyType({"a": 1}),
        "id": uuid.UUID(int=7),
        "colour": Colour.RED,
        "set": {1},
        "text": Text("a"),
        3: None,
    }
    assert wire.dumps(output) == (
        '{"charge":{"amount":1.10,"due":"2030-01-02"},"page":{"number":2},'
        '"model":[1],"mapping":{"a":1},'
        '"id":"00000000-0000-0000-0000-000000000007","colour":"red","set":[1],"text":"a",'
        '"3":null}'
    )
