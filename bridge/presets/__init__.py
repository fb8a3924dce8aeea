"""Presets as people read and check them."""
