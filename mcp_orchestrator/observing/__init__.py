"""What others see of a daemon that runs for months: metrics, probes, logs, traces. Each module says what it needs."""
