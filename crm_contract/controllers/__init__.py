from . import evidence
from . import paper
from . import portal, signing
from . import verify
from . import evidence, paper, portal, signing, verify
from . import paper, portal, signing
from . import verify
