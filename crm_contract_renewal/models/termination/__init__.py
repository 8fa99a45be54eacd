from . import crm_contract_termination
from . import crm_contract_penalty
from . import crm_contract_reopen
