"""The command line of the gateway."""

from gateway.entrypoints.service import SERVICE

cli = SERVICE.cli()

if __name__ == "__main__":
    cli()
