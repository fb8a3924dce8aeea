"""Instruments and their presets."""
