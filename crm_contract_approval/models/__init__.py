from . import policy
from . import decision
from . import contract
from . import bridges
from . import health
