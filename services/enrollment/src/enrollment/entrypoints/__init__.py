"""How enrollment is reached: REST. It reacts to no event and keeps no deadline."""
