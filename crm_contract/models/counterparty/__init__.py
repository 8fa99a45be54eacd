from . import crm_contract_qualification_kind
from . import crm_contract_type
from . import crm_contract_counterparty
from . import crm_contract_counterparty_check
from . import crm_contract_qualification
from . import crm_contract_split
from . import crm_contract_checklist
from . import res_partner
