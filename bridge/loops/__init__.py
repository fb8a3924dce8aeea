"""Loops for the outside: files, a picture of them, and the player's place in a session."""
