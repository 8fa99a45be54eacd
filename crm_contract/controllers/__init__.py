from . import evidence, obligation, paper, portal, register, signing, verify
