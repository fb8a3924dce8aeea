"""Macros as performers teach them, and the trainings of their table."""
