"""Settings of Hypothesis for all tests: a busy machine is no reason to fail."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "papermargin", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("papermargin")
