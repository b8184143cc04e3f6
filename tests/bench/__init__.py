"""How fast the service is, measured on real processes: `python -m tests.bench [names] [--quick]`."""
