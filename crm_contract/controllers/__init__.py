from . import evidence
from . import obligation
from . import paper
from . import portal
from . import register
from . import secrecy
from . import signing
from . import survey
from . import verify
from . import (
    evidence,
    obligation,
    paper,
    portal,
    register,
    secrecy,
    signing,
    survey,
    verify,
)
