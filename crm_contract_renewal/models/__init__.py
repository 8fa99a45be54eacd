from . import price
from . import deadline
from . import renewal
from . import termination
from . import amendment
from . import revenue
from . import bridges
from . import interface
