"""A sound in, a patch out: the work of `tsumami match`."""
