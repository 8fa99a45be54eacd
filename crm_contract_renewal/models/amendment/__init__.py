from . import crm_contract_amendment
from . import crm_contract_amendment_check
from . import crm_contract_line_version
from . import crm_contract_incorporation
from . import crm_contract_rebase
from . import crm_contract_change_task
from . import crm_contract_family
