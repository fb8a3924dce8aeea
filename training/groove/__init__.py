"""Drum performances with exact truth, and what is learned from them.

`drum_kit` and `performances` make the sound, `hit_examples` and `hit_training` the table of weights of
`tsumami.engine.groove`, and `hit_scores` says how exactly it hears.
"""
