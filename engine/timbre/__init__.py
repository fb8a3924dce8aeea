"""What a note sounds like, at any pitch: a causal encoder of timbre and pitch, live and for files."""
