from . import deputies
