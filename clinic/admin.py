"""The operators' view of people and appointments."""
