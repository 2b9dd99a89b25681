"""Scenarios: what is to happen to a machine, step by step, in YAML or JSON.

`reading.read` gives the scenarios of a file, `running.run` plays one on a host:
`memory.MemoryHost` (pgsm.testing's world) or `database.DatabaseHost` (a transaction
that is rolled back).  `pgsm test` is both.
"""
