"""The daemon: gateway, control API, dashboard and metrics on one port, for months. Needs the extra `daemon`."""
