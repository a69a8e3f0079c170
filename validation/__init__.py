"""Simulation studies of the estimator: does its inference keep its word?

`python3 run.py validate` runs them and writes docs/validation.md. Every study is a room of its own
with a list of cells; a cell draws answers from a known population, fits, and keeps a few numbers of
each replication in docs/validation. What is there already is not run again.
"""
