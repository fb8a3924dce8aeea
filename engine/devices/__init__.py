"""Where sound goes and comes from: PortAudio, or the clock alone."""
