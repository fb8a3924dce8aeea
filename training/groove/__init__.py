"""Drum performances with exact truth, and what is learned from them.

`drum_kit` and `performances` make the sound; `hit_examples` and `hit_training` the table of weights of
`tsumami.engine.groove`, and `hit_scores` says how exactly it hears. `lstm_vae` is the model of the groove
paper: `fit` trains it on a section of `beats` under `noises`, `evaluate` judges it on `pieces`, and `export`
makes it the file that `tsumami.engine.groove.encoder` runs.
"""
