from hypothesis import HealthCheck, settings

# a loaded machine is no reason to fail
settings.register_profile("papermargin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("papermargin")
