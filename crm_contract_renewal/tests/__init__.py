from . import test_tools_uplift
from . import test_deadlines
from . import test_ladder
from . import test_decision
from . import test_renew
from . import test_take_over
from . import test_amend
