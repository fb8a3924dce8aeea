"""Models as the engine runs them: files, their contract, providers, buffers."""
