"""An attacker of our own: what published numbers, put together, tell of people left unshown.

It knows nothing of how it was decided what to show. It reads what was published, and tries.
"""
