"""The pages, one module each; every page reads the gateway first and shows then."""
