"""The built-in synthesizer; `tsumami.plugins` exports what others may use of it."""
