"""Measurements that can be repeated from the command line; docs/benchmarks.md keeps their figures."""
