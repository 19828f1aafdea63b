"""What enrollment knows of persons, cover and premiums. Pure."""
