"""`python -m media_servers.radarr`."""

from media_servers.application import RADARR
from media_servers.command import run
from media_servers.radarr.api import RadarrApi
from media_servers.radarr.simulated import SimulatedRadarr
from media_servers.radarr.tools import make_server
from media_servers.simulation import sped_up

if __name__ == "__main__":
    run(
        RADARR,
        9003,
        simulated=lambda speed: make_server(SimulatedRadarr(sped_up(speed))),
        real=lambda access: make_server(RadarrApi(access)),
    )
