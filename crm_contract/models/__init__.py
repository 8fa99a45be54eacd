from . import contract
from . import job
from . import version
from . import line
from . import ledger
from . import library
from . import bridges
from . import interface
