"""Loops: bass and drum loops by sequence, the paper's DCGAN, and the generator that the engine runs."""
