"""Pitch and timbre kept apart: the models of the metric-learning paper, and what goes beyond it."""
