"""``python -m devstack``."""

from devstack.cli_county import app

if __name__ == "__main__":
    app()
