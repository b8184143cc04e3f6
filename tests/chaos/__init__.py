"""The real-time promise while everything around it breaks: a run that writes a history, and a checker that reads it."""
