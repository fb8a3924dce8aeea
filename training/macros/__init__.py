"""Macro knobs for an instrument, learned from its rendered patches; importing this imports no torch.

`data` renders and `descriptors` describe; `vae`, `surrogate` and `flow` are trained by `train`, the last one
for the `objective`; `export` writes what the engine runs, `knobs` judges it, `card` says so.
"""
