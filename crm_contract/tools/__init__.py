from . import amount_in_words
from . import booked
from . import canonical
from . import difference
from . import period
from . import plan
