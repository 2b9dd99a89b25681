"""Claims that hold over all machines, all expressions and all numbers."""
