"""Pictures of DOT texts, drawn by Graphviz's program dot."""

from __future__ import annotations

import re
import shutil
import subprocess

from pgsm.programs import SetupError

LONGEST = 120  # seconds; a machine of a few hundred states takes two or three
RESOLUTION = 144  # of PNG, dots per inch: sharp on a screen of today


def draw(text: str, kind: str) -> bytes:
    """The picture of a DOT text as "svg" or "png".

    Raises SetupError: dot is not installed, takes too long or cannot draw it.
    """
    program = shutil.which("dot")
    if program is None:
        hint = "sudo apt-get install graphviz  (brew install graphviz on macOS)"
        raise SetupError("Graphviz's program dot is not installed; it draws", hint)
    more = [f"-Gdpi={RESOLUTION}"] if kind == "png" else []
    # dot's curves fail where arrows crowd; straight lines come out always
    for splines in ("spline", "polyline", "line"):
        done = _run([program, f"-T{kind}", f"-Gsplines={splines}", *more], text)
        if done.returncode == 0:
            break
    else:
        said = done.stderr.decode(errors="replace").strip()
        raise SetupError("dot cannot draw the diagram", said or None)
    return _without_names(done.stdout) if kind == "svg" else done.stdout


def _run(command: list[str], text: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command,
            input=text.encode(),
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        hint = "--format mermaid or dot needs no drawing"
        raise SetupError(f"dot has not drawn it in {LONGEST} seconds", hint) from None


def _without_names(svg: bytes) -> bytes:
    """Take the names of nodes out, which a browser shows as tips: s12, b3->s12."""
    head, graph, rest = svg.partition(b"</title>\n")
    return head + graph + re.sub(rb"<title>[^<]*</title>\n", b"", rest)
