"""Maps: on the screen (the Folium map and its layers)."""

from gridmap.atlas.screen import VENDOR, MapParts, command_map, explore

__all__ = ["VENDOR", "MapParts", "command_map", "explore"]
