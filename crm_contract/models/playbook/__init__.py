from . import crm_contract_playbook_rule
from . import crm_contract_playbook_figures
from . import crm_contract_playbook_text
from . import crm_contract_playbook_steps
from . import crm_contract_playbook_find
