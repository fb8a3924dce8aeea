"""Repair of sound files that lost packets."""
