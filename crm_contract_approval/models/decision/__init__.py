from . import crm_contract_approval_delegation
from . import crm_contract_approval_review
from . import crm_contract_approval_condition
from . import crm_contract_approval_task
from . import crm_contract_approval_people
from . import crm_contract_approval_decision
from . import crm_contract_approval_sheet
from . import crm_contract_approval_reminder
