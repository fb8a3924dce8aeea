"""Data sets, torch models and the export of what the engine runs; importing this imports no torch."""
