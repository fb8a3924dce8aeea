"""What `tsumami groove` does with a recording."""
