"""The outside world: command line, sessions, MIDI, and what people see of a running engine."""
