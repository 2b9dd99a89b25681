"""Machines and versions of a world."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from pgsm.testing import DefinitionError, Refused, World

from .machines import expr, machine

DOCUMENT = machine({"a": {"on": {"go": "b"}}, "b": {}}, id="light")


def test_name_is_the_documents_id(world: World) -> None:
    assert world.define(DOCUMENT) == "light"
    assert world.start("light").value == "a"


def test_document_may_be_a_json_text(world: World) -> None:
    assert world.define(json.dumps(DOCUMENT)) == "light"
    with pytest.raises(DefinitionError, match="twice"):
        world.define('{"id": "x", "id": "y"}')


def test_name_can_be_given(world: World) -> None:
    assert world.define(DOCUMENT, "lamp") == "lamp"


def test_name_of_a_file_is_the_documents_id_or_its_stem(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "lamp.json"
    path.write_text(json.dumps(DOCUMENT))
    assert world.define(path) == "light"
    path.write_text(json.dumps({"initial": "a", "states": {"a": {}}}))
    assert world.define(str(path)) == "lamp"


def test_file_that_cannot_be_read_is_a_problem(world: World, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        world.define(tmp_path / "nowhere.json")


def test_yaml_is_1_2_with_exact_numbers(world: World, tmp_path: Path) -> None:
    path = tmp_path / "lamp.yaml"
    path.write_text(
        "initial: a\n"
        "context: {price: 0.1, day: 2030-01-01, answer: no}\n"
        "states:\n  a:\n    on:\n      go: a\n"
    )
    lamp = world.start(world.define(str(path)))
    context = {"price": Decimal("0.1"), "day": "2030-01-01", "answer": "no"}
    assert lamp.context == context


def test_all_problems_are_reported_at_once(world: World) -> None:
    document = machine({"a": {"on": {"go": "nowhere"}, "entry": "unknown"}})
    with pytest.raises(DefinitionError) as refusal:
        world.define(document, "m")
    assert len(refusal.value.problems) == 2


def test_delay_that_postgres_would_not_take_is_a_problem(world: World) -> None:
    world.define(machine({"a": {"after": {"1 day": "a"}}}), "m")
    document = machine({"a": {"after": {"1 day 2": "a"}}})
    with pytest.raises(DefinitionError):
        world.define(document, "m")


@pytest.mark.parametrize("zone", ["Mars/Base", "PST", "../etc", "Europe/Berlin "])
def test_time_zone_that_there_is_not_is_a_problem(world: World, zone: str) -> None:
    with pytest.raises(DefinitionError, match="there is no time zone"):
        world.define({**DOCUMENT, "timeZone": zone})


def test_another_document_is_the_next_version(world: World) -> None:
    world.define(DOCUMENT)
    old = world.start("light")
    world.define({**DOCUMENT, "initial": "b"})
    new = world.start("light")
    assert (old.version, old.value) == (1, "a")
    assert (new.version, new.value) == (2, "b")


def test_same_document_is_the_same_version(world: World) -> None:
    world.define(DOCUMENT)
    world.define(DOCUMENT)
    assert world.start("light").version == 1


def test_version_that_is_not_made_current_can_be_named(world: World) -> None:
    world.define(DOCUMENT)
    world.define({**DOCUMENT, "initial": "b"}, version=7, make_current=False)
    assert world.start("light").version == 1
    assert world.start("light", version=7).value == "b"


def test_number_of_another_document_is_refused(world: World) -> None:
    world.define(DOCUMENT, version=3)
    with pytest.raises(Refused) as refusal:
        world.define({**DOCUMENT, "initial": "b"}, version=3)
    assert refusal.value.sqlstate == "SM004"


def test_machine_that_is_not_there_is_refused(world: World) -> None:
    world.define(DOCUMENT)
    with pytest.raises(Refused, match="light") as refusal:
        world.start("lihgt")
    assert refusal.value.sqlstate == "SM002"
    with pytest.raises(Refused) as refusal:
        world.start("light", version=2)
    assert refusal.value.sqlstate == "SM003"


def test_instance_goes_on_by_its_version(world: World) -> None:
    world.define(DOCUMENT)
    old = world.start("light")
    world.define({**DOCUMENT, "states": {"a": {"on": {"go": "a"}}, "b": {}}})
    assert old.send("go").value == "b"


def test_definition_is_in_normal_form(world: World) -> None:
    world.define(DOCUMENT)
    normal = world.definition("light")
    assert world.define(normal) == "light"
    assert world.start("light").version == 1


def test_input_may_hold_floats_and_dates(world: World) -> None:
    from datetime import date

    context = {"price": expr("input.price"), "day": expr("input.day")}
    world.define(machine({"a": {}}, context=context), "m")
    m = world.start("m", {"price": 12.5, "day": date(2030, 1, 1)})
    assert m.context == {"price": Decimal("12.5"), "day": "2030-01-01"}


def test_input_that_is_not_a_number_is_refused(world: World) -> None:
    world.define(machine({"a": {}}), "m")
    with pytest.raises(ValueError, match="nan"):
        world.start("m", {"x": float("nan")})
    assert world.instances() == []
