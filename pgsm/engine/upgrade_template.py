"""The context of an upgrade as a template of expressions.

``{"set": {path: value}, "remove": [path]}``: all values see the old context, then
what is removed goes, then what is set is set.  The rest stays.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import definition_paths, errors, exact, expressions, values

if TYPE_CHECKING:
    from .plan import Plan
    from .run import Run

Json = Any
Change = Callable[["Run"], Json]


def is_template(text: str | None) -> bool:
    """Whether a declared context is a template; else it is a function's signature."""
    return text is not None and text.lstrip().startswith("{")


def problems(plan: Plan, text: str) -> list[tuple[str, str]]:
    """Return what is wrong with a template: pairs of path and message."""
    try:
        template = exact.loads(text)
    except ValueError as error:
        return [("$.context", f"the template is no JSON: {error}")]
    found = [
        ("$.context", f'a template has "set" and "remove", not "{key}"')
        for key in template
        if key not in ("set", "remove")
    ]
    news, gone = template.get("set", {}), template.get("remove", [])
    if not isinstance(news, dict):
        found.append(("$.context.set", "an object of paths and values"))
        news = {}
    if not isinstance(gone, list) or not all(isinstance(path, str) for path in gone):
        found.append(("$.context.remove", "a list of paths"))
        gone = []
    for path, value in news.items():
        at = values.child_path("$.context", path, "set")
        found += _problems(at, plan.compiler.path, path)
        found += _problems(at, plan.compiler.value, value)
        if _has_sql(value):
            found.append((at, "a template calls no SQL: use a context function"))
    for path in gone:
        found += _problems("$.context.remove", plan.compiler.path, path)
    return found


def _problems(
    at: str, compiles: Callable[..., Any], part: Json
) -> list[tuple[str, str]]:
    try:
        compiles(part, at)
    except expressions.ExpressionError as error:
        return [(at, error.message)]
    except definition_paths.PathError as error:
        return [(at, str(error))]
    return []


def _has_sql(value: Json) -> bool:
    if isinstance(value, dict):
        if "literal" in value:
            return False
        return "sql" in value or any(_has_sql(item) for item in value.values())
    return isinstance(value, list) and any(_has_sql(item) for item in value)


@lru_cache(maxsize=100)
def _compiled(
    plan: Plan, text: str
) -> tuple[list[tuple[Change, Change]], list[Change]]:
    template = exact.loads(text)
    compiler = plan.compiler
    news = [
        (compiler.path(path, "context.set"), compiler.value(value, f"context.{path}"))
        for path, value in template.get("set", {}).items()
    ]
    gone = [
        compiler.path(path, "context.remove") for path in template.get("remove", ())
    ]
    return news, gone


def apply(run: Run, text: str) -> None:
    """Change the run's context as the template says; raises StepError."""
    news, gone = _compiled(run.plan, text)
    old = run.context
    found = [(path(run), value(run)) for path, value in news]
    removed = [path(run) for path in gone]
    context = old
    try:
        for keys in removed:
            context = values.remove_in(context, keys)
        for keys, new in found:
            context = values.set_in(context, keys, new)
    except values.PathError as error:
        raise errors.StepError(str(error), "context") from None
    run.context = run.scope["context"] = context
