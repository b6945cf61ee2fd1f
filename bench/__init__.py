"""Benchmarks anyone can run: `make bench`. What came out, and on which machine, stands in `RESULTS.md`."""
