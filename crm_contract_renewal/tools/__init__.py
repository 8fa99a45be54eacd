from . import horizon
from . import merge
from . import movement
from . import next_term
from . import notice
from . import uplift
