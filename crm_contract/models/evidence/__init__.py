from . import crm_contract_event_head
from . import crm_contract_event
from . import crm_contract_event_steps
from . import crm_contract_evidence
from . import crm_contract_attempt
from . import crm_contract_public_check
