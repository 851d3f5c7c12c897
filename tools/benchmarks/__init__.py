"""The tasks of tools/benchmark.py."""
