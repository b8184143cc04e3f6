"""The channel of mails: what they say, and how they leave the outbox."""
