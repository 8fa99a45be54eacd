from . import test_tools_amount_in_words
from . import test_tools_canonical
from . import test_tools_difference
from . import test_tools_period
from . import test_tools_plan
