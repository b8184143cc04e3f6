"""Runs one function of the bench in a process of its own: `inside <module>.<function> <JSON>`."""

import json
import sys
from importlib import import_module


def main(name: str, question: str) -> None:
    module, _, function = name.rpartition(".")
    answer = getattr(import_module(f"tests.bench.{module}"), function)(**json.loads(question))
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
