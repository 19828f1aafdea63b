"""The platform and the published language that every service of OneWindow builds on."""
