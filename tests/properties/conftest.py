"""How many examples each property is tried with; the same ones on every run."""

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True, max_examples=150)
settings.load_profile("steady")
