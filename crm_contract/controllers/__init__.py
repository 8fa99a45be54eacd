from . import evidence
from . import portal, signing
from . import verify
from . import paper, portal, signing
