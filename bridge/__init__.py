"""TODO(front door)."""
