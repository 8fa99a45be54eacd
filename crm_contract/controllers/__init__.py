from . import evidence, obligation, paper, portal, register, signing, survey, verify
