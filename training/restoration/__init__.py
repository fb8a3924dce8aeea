"""Missing spectra, predicted from those around them (the QDLSTM paper); importing this imports no torch.

`spectra` and `tunes` make the data; `lstm`, `time_blstm`, `frequency_blstm`, `qdlstm` and `gate` are the
models; `fit` trains them, `windows` puts them to a whole tune, and `evaluate` says what is left of it.
"""
