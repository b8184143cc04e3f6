"""Fixtures of the tests of commands."""

from tests.operations.installation import install

__all__ = ["install"]
