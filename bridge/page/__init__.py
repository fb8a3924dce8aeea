"""The performer's page: a browser shows and moves what there is, served by a process of its own.

`tsumami.bridge.live.page` starts it from a live session.
"""
