"""`python -m pgsm` is the command `pgsm`."""

from __future__ import annotations

from .cli import main

main(prog_name="pgsm")
