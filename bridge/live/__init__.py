"""A live session: its parts, what they are told, and what people see of it."""
