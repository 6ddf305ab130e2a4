"""Commands that measure what the README and docs/results.md say.

Each writes a JSON file into docs/results; `python -m benchmarks.page` makes
the page from these files.
"""
