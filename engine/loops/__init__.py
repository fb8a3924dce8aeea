"""Loops: what a trained generator makes, put on the grid of a tempo, and the player that sounds them live."""
