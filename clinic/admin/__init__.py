"""Django's admin for operators: it looks, and what it changes goes through the same actions as all else."""
