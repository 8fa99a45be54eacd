from . import evidence, paper, portal, signing, verify
