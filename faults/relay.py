"""The child of a faulty server over stdio: passes its stdin on to the server, and what the server says to stdout.

`python relay.py PORT`. Standard library only, so that it starts fast. It ends when either side does, and exits with 1
and a sentence on stderr when there is no server.
"""

import os
import socket
import sys
from threading import Thread


def main() -> None:
    """Relay until the end."""
    try:
        server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    except OSError as error:
        sys.exit(f"the faulty server is dead: {error}")
    server.sendall(f"{os.getpid()}\n".encode())
    Thread(target=_pass_on, args=(server,), daemon=True).start()
    while data := os.read(0, 65536):
        server.sendall(data)
    os._exit(0)


def _pass_on(server: socket.socket) -> None:
    try:
        while data := server.recv(65536):
            while data:
                data = data[os.write(1, data) :]
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
