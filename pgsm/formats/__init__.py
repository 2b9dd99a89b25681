"""Documents of other languages: SCXML, XState."""

from __future__ import annotations
