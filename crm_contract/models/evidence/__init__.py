from . import crm_contract_event
from . import crm_contract_event_steps
from . import crm_contract_evidence
