from . import contract
from . import job
from . import version
from . import evidence
from . import line
from . import ledger
from . import library
from . import bridges
from . import interface
from . import signature
from . import health
from . import portal
from . import paper
from . import authority
from . import counterparty
from . import playbook
from . import obligation
from . import register
from . import search
from . import dispute
from . import secrecy
from . import revenue
from . import notice

# After what it extends: personal data.
from . import satisfaction
from . import evaluation
