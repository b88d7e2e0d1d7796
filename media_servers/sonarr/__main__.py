"""`python -m media_servers.sonarr`."""

from media_servers.application import SONARR
from media_servers.command import run
from media_servers.simulation import sped_up
from media_servers.sonarr.api import SonarrApi
from media_servers.sonarr.simulated import SimulatedSonarr
from media_servers.sonarr.tools import make_server

if __name__ == "__main__":
    run(
        SONARR,
        9002,
        simulated=lambda speed: make_server(SimulatedSonarr(sped_up(speed))),
        real=lambda access: make_server(SonarrApi(access)),
    )
