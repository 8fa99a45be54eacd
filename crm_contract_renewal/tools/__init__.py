from . import merge
from . import notice
from . import uplift
