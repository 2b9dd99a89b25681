"""What is not of the language is refused at definition, with a place and a hint."""

from __future__ import annotations

import contextlib

import pytest

from pgsm.engine.expressions import (
    EvaluationError,
    ExpressionError,
    compile_expression,
)

NAMES = frozenset({"context", "event"})


def refusal(source):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, NAMES, "$.guard")
    assert caught.value.path == "$.guard"
    assert caught.value.message == str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("source", "message", "offset", "hint"),
    [
        ("contxt.a", 'unknown name "contxt"', 0, "did you mean context?"),
        ("1 + lenn(context)", 'unknown function "lenn"', 4, "did you mean len?"),
        ("item.a", "item is not available here", 0, "names: context, event"),
        ("context.a.upper()", "a key cannot be called", 0, "write: upper(context.a)"),
        ("context.a.strip()", "a key cannot be called", 0, "write: trim(context.a)"),
        ("len", "len is a function", 0, "write: len(…)"),
        ("context.a = 1", "= is not part", 10, "== compares"),
        ("(x := 1)", ":= is not part", 3, "changes nothing"),
        ("context && event", "&& is not part", 8, "write: and"),
        ("!context", "! is not part", 0, "write: not"),
        ("context === 1", "=== is not part", 8, "== compares"),
        ("context ? 1 : 2", "? is not part", 8, "write: a if condition else b"),
        ("context?.a", "?. is not part", 7, "get("),
        ("a; b", "; is not part", 1, "one value"),
        ("1 # one", "# is not part", 2, "no comments"),
        ("1 is 1", "is compares with null", 5, "=="),
        ('f"{context}"', "a text cannot have the prefix f", 0, "join texts with +"),
        ('"""a"""', "triple quotes", 0, None),
        ('"a', "a text is not closed", 0, None),
        (r'"\d"', r"a text has no escape \d", 1, "written twice"),
        ("{a: 1}", 'unknown name "a"', 1, None),
        ("{1: 2}", "the key of an object is a text", 1, "quoted"),
        ("{**context}", "** is not part", 0, "merge"),
        ("{1, 2}", "a set is not part", 0, None),
        ("len(context", "syntax error: '(' was never closed", 3, None),
        ("1 +", "syntax error", 3, None),
        ("context.", "syntax error", 8, None),
        ("", "the expression is empty", None, None),
        (" \n ", "the expression is empty", None, None),
        ("  größe", 'unknown name "größe"', 2, None),
        ('"ü" + x', 'unknown name "x"', 6, None),
    ],
)
def test_a_refusal_has_a_place_and_a_hint(source, message, offset, hint):
    error = refusal(source)
    assert message in error.message
    assert error.offset == offset
    assert hint is None or hint in (error.hint or "")


@pytest.mark.parametrize(
    "source",
    [
        "lambda: 1",
        "await context",
        "(yield 1)",
        "import os",
        "del context",
        "assert 1",
        "x = 1",
        "print(1); 1",
        "def f(): pass",
        "class A: pass",
        "global a",
        "context @ event",
        "context & event",
        "1 << 2",
        "~1",
        "1 ^ 2",
        "...",
        "1j",
        "0x10",
        "0b1",
        "007",
        "1__0",
        "1if context else 2",
        'b"x"',
        'r"x"',
        'u"x"',
        "{x for x in [1]}",
        "[*context]",
        "len(*context)",
        "merge(**context)",
        "round(1.5, digits=1)",
        "context[1:2, 3]",
        "context[()]",
        "context[null]",
        "context[True]",
        "[x async for x in [1]]",
        "[x for x.y in [1]]",
        "[x for x[0] in [1]]",
        "[x for (x, (y, z)) in [1]]",
        "[x for x, x in [1]]",
        "[x for *x in [1]]",
        "[len for len in [1]]",
        "[true for true in [1]]",
        "[1 for in_state in [1]]",
        "len(context)(1)",
        "(len)(1)(2)",
        "[len][0](1)",
        "context()",
        "true()",
        "context..a",
        "context.1",
        "1.real",
        "context\0",
        '"\0"',
        r'"\u0000"',
        r'"\x00"',
        r'"\ud800"',
        r'"\N{DIGIT ONE}"',
        '"\ud800"',
        "1) + (1",
        "context\\\n.a",
        "1e9999",
        "1" * 2000,
        None,
        1,
        ["context"],
    ],
)
def test_what_is_not_of_the_language_is_refused(source):
    refusal(source)


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "exec('1')",
        "open('/etc/passwd')",
        "__import__('os')",
        "getattr(context, 'a')",
        "globals()",
        "vars()",
        "type(context)",
        "print(1)",
        "compile('1', '', 'eval')",
        "().__class__",
        "().__class__.__bases__[0].__subclasses__()",
        '"".__class__.__mro__',
        "context.__class__",
        "context.__init__.__globals__",
        "len.__self__",
        "(len).__self__",
        "[x for x in [1]].__class__",
        "(x for x in [1]).gi_frame.f_back()",
        '"{0.__class__}".format(context)',
        '"%s".__mod__(1)',
        "__builtins__",
        "__name__",
        "scope",
        "work",
        "v_x",
        "c0",
        "m0",
        "f_len(1, 2)",
        "turns([1], 1, 1)",
        "element(context, 'a', '')",
        "[v_x for x in [1]]",
        "[scope for x in [1]]",
        "[work.left for x in [1]]",
        "ｃontext",
        "ｃontext.a",
        "ｌen(context)",
        "ｅval('1')",
        "_＿import__('os')",
        "＿＿import__('os')",
        "ｔrue",
        "[ｘ for x in [1]]",
        "[1 for ｘ in [1]]",
    ],
)
def test_there_is_no_way_out_of_the_sandbox(source):
    refusal(source)


def test_names_after_a_dot_are_never_attributes_of_python():
    for key in ("gi_frame", "append", "keys", "real", "format", "f_back"):
        for value in ("(x for x in [1])", "context", '"a"', "[1]", "(1)", "(1.5)"):
            expression = compile_expression(f"{value}.{key}", NAMES)
            with pytest.raises(Exception, match=r"no key|missing") as caught:
                expression({"context": {}})
            assert type(caught.value).__name__ == "EvaluationError"


def test_a_name_with_two_underscores_is_a_key_in_brackets_only():
    expression = compile_expression('context["__class__"]', NAMES)
    assert expression({"context": {"__class__": 1}}) == 1
    assert '["__class__"]' in (refusal("context.__class__").hint or "")


def test_a_key_is_read_as_it_is_written_and_not_normalised():
    expression = compile_expression("context.ﬁeld", NAMES)
    assert expression({"context": {"ﬁeld": 1, "field": 2}}) == 1


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100 + "1" + ")" * 100,
        "[" * 5000 + "]" * 5000,
        "(" * 9000,
        "-" * 9000 + "1",
        "not " * 2400 + "1",
        "1" + "+1" * 4000,
        "1" + "**1" * 3000,
        "context" + ".a" * 4000,
        "context" + "[0]" * 3000,
        "1 if 1 else " * 800 + "1",
        "1" + " and (1" * 1000 + ")" * 1000,
        "len(" * 2000 + "1" + ")" * 2000,
        "1" + "<1" * 4000,
        "[" * 30 + "1" + " for x in [1]]" * 30 + "+" * 8000 + "1",
        '"' + "a" * 10_000 + '"',
        "[1 " + "for x in [1] " * 11 + "]",
        "[1 " + "for x in [1] " * 700 + "]",
        "1<" * 200 + "1",
    ],
)
def test_deep_or_long_sources_are_refused_without_a_crash(source):
    refusal(source)


def test_nested_loops_work_or_are_refused():
    for levels in range(1, 30):
        source = "[" * levels + "1" + " for x in [1]]" * levels
        with contextlib.suppress(ExpressionError):
            compile_expression(source, NAMES)({"context": {}})


def test_nested_chains_of_comparisons_work():
    source = "1 < (" * 50 + "1" + " < 1 < 1 < 1)" * 50
    with pytest.raises(EvaluationError, match="compares two numbers"):
        compile_expression(source, NAMES)({})


def test_long_but_flat_sources_are_fine():
    source = "[" + ", ".join(["context.a"] * 800) + "]"
    assert compile_expression(source, NAMES)({"context": {"a": 1}}) == [1] * 800
    source = " or ".join(["context.a"] * 700)
    assert compile_expression(source, NAMES)({"context": {"a": 0}}) == 0
