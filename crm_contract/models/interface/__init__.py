from . import crm_contract_arguments
from . import crm_contract_interface
from . import crm_contract
