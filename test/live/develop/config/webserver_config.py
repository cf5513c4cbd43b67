import pathlib

pathlib.Path("/dev/shm/webserver_config").touch()
