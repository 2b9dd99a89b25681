"""Puts the sqitch project into the wheel, so that an installed package can deploy.

Not into an editable install: that one deploys the checkout's own files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROJECT = ("sql", "sqitch.plan", "sqitch.conf")


class PackagedProject(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        for name in PROJECT:
            source = str(Path(self.root, name))
            build_data["force_include"][source] = f"pgsm/_project/{name}"
