"""The session file: its tables, what is wrong with one, and what is made of it."""
