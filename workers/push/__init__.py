"""News for browsers without an open tab."""
