"""Edge: REST."""
