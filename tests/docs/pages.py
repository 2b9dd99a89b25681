"""Pages whose blocks are played in order: files are written, commands are run.

    ```yaml title="order.yaml"      a file
    ```console                      lines after "$ " are typed, the others are printed

`{…}` stands for what differs from run to run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from click.testing import CliRunner

from pgsm.cli import main

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)
_TITLE = re.compile(r'title="([^"]+)"')
Other = Callable[[str, str], str]


def blocks(page: str) -> Iterator[tuple[str, str | None, str]]:
    """The language, the title and the text of each block of a how-to."""
    for language, rest, text in _BLOCK.findall((HOW_TO / page).read_text("utf-8")):
        title = _TITLE.search(rest)
        yield language, title[1] if title else None, text


def play(
    page: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    other: Mapping[str, Callable[[str], str]] | None = None,
) -> int:
    """Play a how-to in a folder that is the current one; how many commands it had.

    `other` programs are functions of their command line, and give what they print.
    """
    count = 0
    for language, title, text in blocks(page):
        if title is not None:
            place = folder / title
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        elif language == "console":
            for typed, shown in commands(text):
                count += 1
                printed = _printed(typed, environment or {}, other or {})
                assert _alike(shown, printed), f"$ {typed}\n{printed}"
    return count


def commands(block: str) -> Iterator[tuple[str, str]]:
    """What is typed in a block, and what is printed then."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        typed, _, printed = part.partition("\n")
        while typed.endswith("\\"):
            more, _, printed = printed.partition("\n")
            typed = typed[:-1] + more
        yield typed, printed


def _printed(
    typed: str,
    environment: Mapping[str, str],
    other: Mapping[str, Callable[[str], str]],
) -> str:
    for name, value in environment.items():
        typed = typed.replace(f"${name}", value)
    typed, _, given = typed.partition(" < ")
    program, *arguments = shlex.split(typed)
    if program in other:
        return other[program](typed)
    assert program == "pgsm", typed
    lines = Path(given).read_text("utf-8") if given else None
    result = CliRunner().invoke(main, arguments, input=lines, env=environment)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def _alike(shown: str, printed: str) -> bool:
    pattern = "(?:.*)".join(map(re.escape, re.split(r"\{…\}", shown)))
    return re.fullmatch(pattern, printed) is not None
