from . import evidence
from . import paper, portal, signing
