"""Results of scenarios: lines for people, JSON for scripts, JUnit's XML for CI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from .coverage import Coverage, Covered
from .matching import text
from .model import VERBS, Step
from .running import Failure, Result

Json = Any
SHORT = 88


def failure_lines(result: Result) -> Iterator[str]:
    """What failed in a scenario, each with file and line, and where it then was."""
    for failure in result.failures:
        yield from _failure_lines(f"{result.scenario.file}:{failure.line}: ", failure)
    if result.step is not None and not result.ok:
        yield f"  in step {result.step.number}: {step_text(result.step)}"
    for number, line in enumerate(result.after.splitlines()):
        yield f"  {'then ' if number == 0 else '     '}{line}"


def _failure_lines(lead: str, failure: Failure) -> Iterator[str]:
    first, *rest = failure.what.splitlines() or [""]
    lead += first
    if not (failure.expected or failure.found):
        yield lead
        yield from (f"    {line}" for line in rest)
        return
    short = f"{lead}: expected {failure.expected}, found {failure.found}"
    if len(short) <= SHORT:
        yield short
        return
    yield lead
    yield f"    expected  {failure.expected}"
    yield f"    found     {failure.found}"


def step_text(step: Step) -> str:
    """A step in a line, as it was written."""
    given = step.given
    if step.verb is None:
        return str(given.get("name", "a look"))
    what = given[step.verb]
    parts = [step.verb, what if isinstance(what, str) else text(what)]
    for key in VERBS[step.verb]:
        if key in given:
            item = given[key]
            parts.append(f"{key} {item if isinstance(item, str) else text(item)}")
    return f"{given['name']}: {' '.join(parts)}" if "name" in given else " ".join(parts)


def summary(results: Sequence[Result]) -> str:
    """How many passed, and how many did not."""
    failed = sum(not result.ok for result in results)
    word = "scenario" if len(results) == 1 else "scenarios"
    passed = f"{len(results) - failed} passed"
    return f"{len(results)} {word}: {passed}" + (f", {failed} failed" if failed else "")


def as_json(results: Sequence[Result], coverage: Coverage | None) -> Json:
    """All of it, for scripts."""
    found: dict[str, Json] = {
        "scenarios": [_as_json(result) for result in results],
        "passed": sum(result.ok for result in results),
        "failed": sum(not result.ok for result in results),
    }
    if coverage is not None:
        found["coverage"] = coverage.as_json()
    return found


def _as_json(result: Result) -> Json:
    found: dict[str, Json] = {
        "file": result.scenario.file,
        "line": result.scenario.line,
        "name": result.scenario.name,
        "passed": result.ok,
        "seconds": round(result.seconds, 4),
    }
    if not result.ok:
        found["step"] = result.step and result.step.number
        found["failures"] = [
            {
                "line": failure.line,
                "what": failure.what,
                "expected": failure.expected or None,
                "found": failure.found or None,
            }
            for failure in result.failures
        ]
        found["after"] = result.after
    return found


# -- coverage --------------------------------------------------------------------------


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """What was seen of each machine, and what was not."""
    for covered in coverage.covered.values():
        yield f"{covered.name}, version {covered.version}: {_counts(covered)}"
        for kind, place in covered.missing():
            yield f"  not seen: {kind} {place}"
    yield f"coverage: {coverage.percent():.1f} %"


def _counts(covered: Covered) -> str:
    parts = covered.counts().items()
    return ", ".join(f"{seen} of {of} {kind}" for kind, (seen, of) in parts)


# -- JUnit -----------------------------------------------------------------------------


def write_junit(results: Sequence[Result], file: Path) -> None:
    """Write the results as JUnit's XML: a suite for each file."""
    import junitparser  # its methods have no types

    document: Any = junitparser.JUnitXml("pgsm test")
    for name, group in groupby(results, key=lambda result: result.scenario.file):
        suite: Any = junitparser.TestSuite(_printable(name))
        for result in group:
            suite.add_testcase(_case(result))
        suite.update_statistics()
        document.append(suite)
    document.update_statistics()
    document.write(str(file), pretty=True)


def _case(result: Result) -> Any:
    import junitparser

    scenario = result.scenario
    stem = scenario.file.removesuffix(Path(scenario.file).suffix)
    case = junitparser.TestCase(
        _printable(scenario.name), _printable(stem.replace("/", ".")), result.seconds
    )
    # what GitLab and others link to
    case._elem.set("file", _printable(scenario.file))
    case._elem.set("line", str(scenario.line))
    if not result.ok:
        said = _printable("\n".join(failure_lines(result)))
        first = result.failures[0]
        failure = junitparser.Failure(_printable(first.what), "expectation")
        failure.text = said
        case.result = [failure]
    return case


def _printable(value: str) -> str:
    """A text that XML can hold."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in value)
