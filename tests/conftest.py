"""Settings of all tests."""

from hypothesis import settings

# Tests are never timed: a busy machine must not fail one.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
