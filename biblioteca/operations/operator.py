"""Who runs a command on this machine."""

import getpass


def operator() -> str:
    """Return the name of the system's user, "?" where there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"
