"""Offline: takes, MIDI files and presets by the thousand, rendered."""
