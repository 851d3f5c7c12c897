"""Grids of training runs: starting them, comparing their results, sweeping a parameter."""
