"""What is written to people: the words of mails by language, their looks, and calendar files."""
