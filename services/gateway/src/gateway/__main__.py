"""The command line of the gateway."""

from gateway.entrypoints.service import SERVICE

cli = SERVICE.cli()


@cli.command()
def console() -> None:
    """Serve the console, a client of the API (ONEWINDOW_GATEWAY_URL)."""
    # Imported here: the other processes need nothing of the pages.
    from gateway.entrypoints.console.app import serve

    serve()


if __name__ == "__main__":
    cli()
