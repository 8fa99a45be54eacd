from . import crm_contract_approval_reason
from . import crm_contract_approval_policy
from . import crm_contract_approval_step
from . import crm_contract_approval_criteria
from . import crm_contract_approval_plan
from . import crm_contract_exposure
