"""``python -m enrollment api | worker | migrate | parked | replay | openapi``."""

from enrollment.entrypoints.service import SERVICE

cli = SERVICE.cli()

if __name__ == "__main__":
    cli()
