"""Documents with SCXML's semantics are what they were after an export and an import."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.formats import scxml

ODD = {
    "ids with dots": """<state id="a.b"><state id="c.d"/><state id="a.b.c"/></state>""",
    "an id like a path": """<state id="a"><state id="b"/></state><state id="a.b"/>""",
    "no ids": """<state/><parallel id="state1"><state/></parallel>""",
    "two handlers": """<state id="s"><onentry><raise event="a"/></onentry>
        <onentry><raise event="b"/></onentry></state>""",
    "an empty handler": """<state id="s"><onexit/><onentry><log label="a" expr=""/>
        </onentry></state>""",
    "scripts": """<state id="s"><onentry><script>a = 1
b.c[0] = 'x' + "y"</script><script>foo(1)</script></onentry></state>""",
    "a script of the root": """<script>a = 1\nb = [a,\n 2]\nprint(a)</script>
        <state id='s'/>""",
    "no script": """<script>a = </script><state id='s'/>""",
    "data": """<datamodel><data id="a">"12"</data><data id="b">12</data>
        <data id="c"> x y </data><data id="d" expr="'&lt;&#10;&quot;'"/>
        <data id="e">{"expr": "1"}</data><data id="f"/>
        <data id="g"><x xmlns="urn:y">1</x></data></datamodel><state id="s"/>""",
    "assigned": """<state id="s"><onentry><assign location="a">true</assign>
        <assign location="b"/><log/></onentry></state>""",
    "transitions": """<state id="s"><transition event="*" type="internal"/>
        <transition event="a b.*" target="s" type="internal"/></state>""",
    "invocations": """<state id="s"><invoke type="x" src="a.scxml"/>
        <invoke srcexpr="1"><finalize/></invoke><invoke id="s.4" src="b"/></state>""",
    "sends": """<state id="s"><onentry><send event="" delay="soon"/>
        <send eventexpr="a" delay=".5s" id="i"><content>[1]</content></send>
        <cancel sendid=""/><cancel sendidexpr="a"/></onentry></state>""",
    "outputs": """
        <final id="a"><donedata><param name="a" location="b"/></donedata></final>
        <final id="b"><donedata><content>{}</content></donedata></final>""",
}


@pytest.mark.parametrize("inside", ODD.values(), ids=ODD.keys())
def test_an_export_is_imported_as_it_was(inside: str) -> None:
    document = scxml.load(f'<scxml name="n" binding="late">{inside}</scxml>').document
    exported = scxml.dump(document)
    assert exported.warnings == []
    assert scxml.load(exported).document == document
    assert scxml.dump(scxml.load(exported).document) == exported


def test_machines_are_expected_in_files_of_their_names() -> None:
    child = '<scxml><final id="end"/></scxml>'
    imported = scxml.load(
        f'<scxml name="main"><state id="s"><invoke><content>{child}</content>'
        '</invoke><invoke src="a%2Fb.scxml"/></state></scxml>',
        {"a%2Fb.scxml": child}.__getitem__,
    )
    files = {
        f"{name.replace('/', '%2F')}.scxml": str(scxml.dump(document))
        for name, document in imported.machines.items()
    }
    assert list(files) == ["main.scxml", "main.s.scxml", "a%2Fb.scxml"]
    found = scxml.load(files["main.scxml"], files.__getitem__, "main")
    assert found.machines == imported.machines


def machine(entry: Any) -> Any:
    return {"semantics": "scxml", "initial": "a", "states": {"a": {"entry": entry}}}


def test_a_control_character_cannot_be_written() -> None:
    document = machine({"type": "log", "message": "a\u0001"})
    with pytest.raises(scxml.FormatError) as refused:
        scxml.dump(document)
    assert [problem.code for problem in refused.value.problems] == ["not_writable"]
    # In a value it can be, as JSON writes it.
    document = machine({"type": "assign", "set": {"a": "a\u0001"}})
    assert '"a\\u0001"' in scxml.dump(document)
