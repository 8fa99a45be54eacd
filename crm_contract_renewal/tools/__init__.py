from . import horizon
from . import merge
from . import movement
from . import notice
from . import uplift
