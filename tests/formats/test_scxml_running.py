"""What an imported document does: the parts of the engine that only SCXML uses."""

from __future__ import annotations

from pgsm.formats import scxml
from pgsm.testing import Instance, World


def run(inside: str) -> Instance:
    """The instance of a document after its start."""
    world = World()
    return world.start(world.define(scxml.load(f"<scxml>{inside}</scxml>").document))


def test_an_error_ends_one_handler_and_not_the_next() -> None:
    now = run(
        """<datamodel><data id="a" expr="0"/><data id="b" expr="0"/></datamodel>
        <state id="s">
        <onentry><assign location="a" expr="1"/><assign location="a" expr="none"/>
        <assign location="a" expr="2"/></onentry>
        <onentry><assign location="b" expr="1"/></onentry>
        <transition event="error.execution" target="t"/></state>
        <state id="t"/>"""
    )
    assert (now.value, now.context) == ("t", {"a": 1, "b": 1})


def test_a_condition_that_fails_is_false_and_an_error() -> None:
    now = run(
        """<datamodel><data id="a" expr="0"/></datamodel>
        <state id="s"><onentry><if cond="none"><else/>
        <assign location="a" expr="1"/></if></onentry>
        <transition event="error.execution" cond="a == 1" target="t"/></state>
        <state id="t"/>"""
    )
    assert now.value == "t"


def test_branches_and_loops_may_be_empty() -> None:
    now = run(
        """<datamodel><data id="x"/></datamodel>
        <state id="s"><onentry><if cond="True"/>
        <foreach array="[1, 2]" item="x"/></onentry></state>"""
    )
    assert now.context == {"x": 2}


def test_a_machine_s_name_is_the_document_s() -> None:
    document = scxml.load(
        '<scxml name="door"><datamodel><data id="a" expr="_name"/></datamodel>'
        '<state id="s"/></scxml>'
    ).document
    world = World()
    assert world.start(world.define(document)).context == {"a": "door"}


def test_a_delay_may_begin_with_its_point() -> None:
    now = run(
        """<state id="s"><onentry><send event="e" delayexpr="'.5s'"/>
        <send event="f" delayexpr="'soon'"/></onentry>
        <transition event="error.execution" target="t"/></state><state id="t"/>"""
    )
    assert now.value == "t"
    assert [timer.event for timer in now.timers] == ["e"]
