"""`python -m media_servers.plex`."""

from media_servers.application import PLEX, Access
from media_servers.command import run
from media_servers.plex.simulated import SimulatedPlex
from media_servers.plex.tools import make_server
from media_servers.server import MediaServer
from media_servers.simulation import sped_up


def _real(access: Access) -> MediaServer:
    from media_servers.plex.api import PlexApi  # noqa: PLC0415 -- for a simulation requests and plexapi are dead weight

    return make_server(PlexApi(access))


if __name__ == "__main__":
    run(PLEX, 9004, simulated=lambda speed: make_server(SimulatedPlex(sped_up(speed))), real=_real)
