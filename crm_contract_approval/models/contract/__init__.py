from . import crm_contract
from . import crm_contract_approval_plan
from . import crm_contract_approval_round
from . import crm_contract_approval_certificate
from . import crm_contract_overview
