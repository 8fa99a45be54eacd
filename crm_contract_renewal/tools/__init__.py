from . import uplift
