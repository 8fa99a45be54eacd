from . import evidence, obligation, paper, portal, register, signing, survey, verify
from . import evidence, obligation, paper, portal, register, signing, verify
from . import evidence, obligation, paper, portal, secrecy, signing, verify
