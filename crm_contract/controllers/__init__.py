from . import evidence, obligation, paper, portal, signing, verify
