from . import crm_contract_termination
from . import crm_contract_termination_notice
from . import crm_contract_termination_penalty
from . import crm_contract_termination_reopen
from . import crm_contract
