"""Edge: websockets and the long poll."""
