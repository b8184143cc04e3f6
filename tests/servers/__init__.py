"""Real servers for tests: PostgreSQL, Redis, daphne and Celery as processes that can be killed and started again."""
