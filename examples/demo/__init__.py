"""`make demo`: both examples, really happening."""
