"""`python -m media_servers.sabnzbd`."""

from media_servers.application import SABNZBD
from media_servers.command import run
from media_servers.sabnzbd.api import SabnzbdApi
from media_servers.sabnzbd.simulated import SimulatedSabnzbd
from media_servers.sabnzbd.tools import make_server
from media_servers.simulation import sped_up

if __name__ == "__main__":
    run(
        SABNZBD,
        9001,
        simulated=lambda speed: make_server(SimulatedSabnzbd(sped_up(speed))),
        real=lambda access: make_server(SabnzbdApi(access)),
    )
