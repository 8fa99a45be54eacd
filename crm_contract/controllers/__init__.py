from . import evidence
from . import paper
from . import portal, signing
from . import verify
