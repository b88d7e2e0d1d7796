"""MCP servers for SABnzbd, Sonarr, Radarr and Plex; each runs alone."""

VERSION = "0.1.0"  # What the servers call themselves in the handshake: the version of this distribution.
