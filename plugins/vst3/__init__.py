"""VST3 plugins as pedalboard loads them: their parameters, their state, their sound.

Only processes that exist to run a plugin import `tsumami.plugins.vst3.plugin`; the tables load anywhere.
"""
