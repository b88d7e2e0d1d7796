"""MCP servers for SABnzbd, Sonarr, Radarr and Plex; each runs alone."""
