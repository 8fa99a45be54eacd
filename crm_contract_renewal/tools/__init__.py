from . import merge
from . import uplift
