"""What holds for all tests: a busy machine fails none of them. Timings belong in `bench/`."""

from hypothesis import settings

settings.register_profile("detente", deadline=None)
settings.load_profile("detente")
