"""The command line of the work-injury bridge."""

from workinjury_bridge.entrypoints.service import SERVICE

cli = SERVICE.cli()

if __name__ == "__main__":
    cli()
