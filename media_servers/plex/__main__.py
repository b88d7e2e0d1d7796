"""`python -m media_servers.plex`."""

from media_servers.application import PLEX
from media_servers.command import run
from media_servers.plex.simulated import SimulatedPlex
from media_servers.plex.tools import make_server
from media_servers.simulation import sped_up

if __name__ == "__main__":
    run(PLEX, 9004, simulated=lambda speed: make_server(SimulatedPlex(sped_up(speed))))
