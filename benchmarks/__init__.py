"""Benchmarks: printed and kept as JSON, never a test that fails on a slow day."""
