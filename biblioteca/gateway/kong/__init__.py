"""The configuration of Kong Gateway 3.9 before this service: rendering and checking it."""
