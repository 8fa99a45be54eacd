from . import evidence, obligation, paper, portal, register, signing, verify
from . import evidence, obligation, paper, portal, signing, survey, verify
