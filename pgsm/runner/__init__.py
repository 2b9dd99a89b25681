"""The daemon that does effects: claims them, runs their handlers, tells the outcome.

`runner.Runner` is the loop; `database.Database` all that it asks of PostgreSQL.
"""

from __future__ import annotations
