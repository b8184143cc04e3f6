"""The channel of SMS: what they say, and how they leave the outbox."""
