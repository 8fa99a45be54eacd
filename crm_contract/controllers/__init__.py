from . import evidence
from . import paper, portal, signing
from . import verify
