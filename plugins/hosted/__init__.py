"""Live VST3 plugins: each in a process of its own, reached through rings and watched over."""
