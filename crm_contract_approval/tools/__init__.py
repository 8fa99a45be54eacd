from . import deputies
from . import exposure
