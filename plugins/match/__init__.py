"""Matching a sound with an instrument: searching on, by ear's stand-in, from where a model or a hand began.

Needs no torch and knows no instrument: what renders is given to `tsumami.plugins.match.search.refine`.
"""
