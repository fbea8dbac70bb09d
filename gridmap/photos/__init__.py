"""What a stranger sent as a photo becomes a picture that may be shown: decoded in a process of its own, drawn anew, and looked through.

`kinds` tells by its first bytes what a file is, `redraw` is the program that decodes it, `plain` finds whether what came back is a picture
and nothing beside it, `workshop` runs the one and asks the other. Nothing of the file as it was sent is ever shown to anybody.
"""

from gridmap.photos.workshop import Drawn, Workshop

__all__ = ["Drawn", "Workshop"]
