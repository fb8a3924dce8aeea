"""Sounds found by ear: an index of presets, what is near to a sound in it, a map, and a swap."""
