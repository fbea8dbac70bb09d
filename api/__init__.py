"""The service: the routes, the live stream and the pages."""

from api.app import create_app

__all__ = ["create_app"]
